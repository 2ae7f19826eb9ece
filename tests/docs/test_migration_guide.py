"""The guide to migrations is followed from its first check to its last phase."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from attrs import define, field
from sqlalchemy import Engine, make_url

from api.composition.migration import phases
from infrastructure.engines import LocalEngine
from infrastructure.migration.contract import AttributeType, Operation, TransformationType
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.dialects.calculations import CalculationType, DateOperation, Unit
from infrastructure.migration.dialects.joins import JoinType
from infrastructure.migration.errors import errors_of
from infrastructure.migration.phases.phase import Phase
from infrastructure.migration.phases.steps import Steps
from infrastructure.migration.reading import contract_from, examine
from infrastructure.migration.rules.checks import check_source
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import read_schema
from infrastructure.system.logs import configure_logs
from tests.commands import run
from tests.markdown import GUIDES, Block, blocks
from tests.migration.mariadb import MariaDB

GUIDE = GUIDES / "migration.md"
FILE = "club.json"
MEMBERS = (1, 2)
MASKED = {"seconds", "rows/s"}
"""Columns that are other ones each time."""


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a move have no other process to wait for."""

    def at_once(**parts: object) -> Steps:
        return Steps(**{**parts, "sleep": lambda _: None})  # type: ignore[arg-type]  # as they come

    monkeypatch.setattr(phases, "Steps", at_once)
    configure_logs("error", as_json=False)


def documents() -> list[Block]:
    return [block for block in blocks(GUIDE) if block.language == "json"]


def is_contract(document: object) -> bool:
    """Or else a list of attributes, as the reference shows them."""
    return isinstance(document, dict) or (
        isinstance(document, list) and all("table" in each for each in document)
    )


@pytest.mark.parametrize("block", documents(), ids=lambda block: f"line {block.line}")
def test_each_contract_of_the_guide_is_sound(block: Block) -> None:
    document = json.loads(block.code)
    contract, warnings = examine(document if is_contract(document) else with_examples(document))
    assert contract is not None, warnings
    assert [str(each) for each in warnings if is_contract(document)] == []


def test_the_guide_shows_or_names_each_word_of_the_dialect() -> None:
    text = GUIDE.read_text()
    in_json = "".join(block.code for block in documents())
    shown = {*get_args(JoinType), *get_args(CalculationType), *map(str, TransformationType)}
    shown |= {*get_args(DateOperation)}
    named = {*get_args(AttributeType), *get_args(Operation), *get_args(Unit), *map(str, Phase)}
    assert {word for word in shown if f'"{word}"' not in in_json} == set()
    assert {word for word in named if not re.search(rf"\b{word}\b", text)} == set()


def with_examples(attributes: list[object]) -> dict[str, object]:
    """A contract of members that have, besides their number, these attributes."""
    key = {"name": "member_id", "type": "N", "source_column": "id"}
    table = {"table": "Examples", "type": "single-entity", "source_table": "members"}
    return {"tables": [{**table, "pk": "member_id", "attributes": [key, *attributes]}]}


@define
class Reader:
    """Does what the guide says, in a folder, with a database and an engine of its own."""

    folder: Path
    root: Engine
    user: Engine
    variables: Mapping[str, str]
    monkeypatch: pytest.MonkeyPatch
    names: dict[str, object] = field(factory=lambda: {"__name__": GUIDE.stem})
    shown: dict[str, str] = field(factory=dict)
    """What the guide has in the place of a real name."""

    def follow(self, block: Block) -> str:
        """What doing this block prints."""
        match block.language:
            case "sql":
                return self._sql(block.code)
            case "json":
                return self._json(block.code)
            case "console":
                return "".join(
                    map(self._command, re.findall(r"^\$ (.*)$", block.code, re.MULTILINE))
                )
            case "python":
                return self._python(block)
            case _:
                return ""

    def _sql(self, code: str) -> str:
        code = re.sub(r"\bclub\.", f"{self.root.url.database}.", code)
        code = code.replace("'mover'", f"'{self.user.url.username}'")
        code = code.replace("'secret'", f"'{self.user.url.password}'")
        with self.root.begin() as connection:
            for statement in filter(str.strip, code.split(";\n")):
                connection.exec_driver_sql(statement.replace("%", "%%"))
        return ""

    def _json(self, code: str) -> str:
        document = json.loads(code)
        contract = contract_from(document if is_contract(document) else with_examples(document))
        schema = read_schema(self.root)
        assert errors_of(check_source(contract, schema)) == ()
        if is_contract(document):
            (self.folder / FILE).exists() or (self.folder / FILE).write_text(code)
            return ""
        (table,) = contract.tables
        reader = SourceReader(self.root, schema)
        rows = [reader.row(table.entities[0], {"id": number}) for number in MEMBERS]
        items = [to_item(table, table.entities[0], row) for row in rows if row is not None]
        names = [attribute["name"] for attribute in document]
        return "".join(f"{n}: {_shown(items[0], n)}, {_shown(items[1], n)}\n" for n in names)

    def _command(self, line: str) -> str:
        if line.startswith("export "):
            for name, value in re.findall(r"(\w+)=(\S+)", line):
                self.monkeypatch.setenv(name, self.variables[name])
                self.shown[self.variables[name]] = value
            return ""
        program, *words = line.partition(" > ")[0].split()
        if program != "dynastrata":
            return self._shell(line)
        extra = ["--workers", "1"] if words[1] in {"run", "verify"} else []
        done = run(*words, *extra)
        assert done.exit_code in {0, 3}, done.output
        return "" if ">" in line else done.stdout

    def _shell(self, line: str) -> str:
        done = subprocess.run(
            ["bash", "-eu", "-c", self._with_real_names(line)],  # noqa: S607 - whichever bash there is
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def _python(self, block: Block) -> str:
        code = compile("\n" * (block.line - 1) + block.code, str(GUIDE), "exec")
        with redirect_stdout(StringIO()) as printed:
            exec(code, self.names)  # noqa: S102 - our own document
        return printed.getvalue()

    def _with_real_names(self, line: str) -> str:
        for real, shown in self.shown.items():
            line = line.replace(shown, real)
        return line

    def as_shown(self, printed: str) -> str:
        """With the names that the guide has."""
        for real, shown in self.shown.items():
            printed = printed.replace(real, shown)
        return printed


def _shown(item: Mapping[str, object], name: str) -> str:
    return json.dumps(item[name], ensure_ascii=False) if name in item else "absent"


@pytest.fixture
def reader(
    mariadb: MariaDB, ministack: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    database = make_url(mariadb.new_database())
    user = database.set(username=f"mover_{uuid4().hex[:8]}", password=uuid4().hex)
    variables = {
        "DYNASTRATA_MIGRATION_SOURCE": user.render_as_string(hide_password=False),
        "DYNASTRATA_PROVIDER": "dynamodb",
        "DYNASTRATA_REGION": "eu-central-1",
        "DYNASTRATA_TABLE_PREFIX": f"test-{uuid4().hex}-",
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DYNASTRATA_MIGRATION_SOURCE", raising=False)
    monkeypatch.setenv("DYNASTRATA_ENDPOINT_URL", ministack.endpoint_url)
    root, own = (connect(url.render_as_string(hide_password=False)) for url in (database, user))
    yield Reader(tmp_path, root, own, variables, monkeypatch)
    for engine in (root, own):
        engine.dispose()


@pytest.mark.engine
def test_what_the_guide_shows_happens_from_the_first_check_to_the_last_phase(
    reader: Reader,
) -> None:
    found = [block for block in blocks(GUIDE) if block.language != "bash"]
    for block, following in zip(found, [*found[1:], None], strict=True):
        printed = reader.as_shown(reader.follow(block))
        if following is not None and following.language == "text":
            assert lines(printed) == lines(following.code), f"line {following.line}"


def lines(text: str) -> list[object]:
    """Lines as they are, and of those of a table the cells that are the same each time."""
    found: list[object] = []
    hidden: set[int] = set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split("[│┃]", line)]
        if "┃" in line:
            hidden = {place for place, cell in enumerate(cells) if cell in MASKED}
        if len(cells) > 1:
            found.append([cell for place, cell in enumerate(cells) if place not in hidden])
        elif not re.match("[┏┡└├]", line):
            found.append(line.rstrip())
    return found
