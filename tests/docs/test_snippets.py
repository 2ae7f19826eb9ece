"""What the documents show is run: Python, commands, links, and the walk through the API."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from attrs import fields
from typer.core import TyperGroup
from typer.main import get_command

from api.cli.main import app
from infrastructure.contexts.registered import REGISTERED
from infrastructure.engines.process import LOOPBACK, reserved_port
from infrastructure.settings.checks import PREFIX, option_of, variable
from infrastructure.settings.settings import DESTINATION, TABLE, Settings
from infrastructure.system.logs import configure_logs
from tests.markdown import DOCUMENTS, GUIDES, README, ROOT, Block, blocks, name, prose

# These are followed from end to end, each by a test of its own.
FOLLOWED = (
    GUIDES / "adding-an-aggregate.md",
    GUIDES / "getting-started.md",
    GUIDES / "migration.md",
)

SHELL = ("bash", "console")
Check = Callable[[list[str]], bool]


def with_python() -> list[Path]:
    return [
        document
        for document in DOCUMENTS
        if document not in FOLLOWED and any(b.language == "python" for b in blocks(document))
    ]


@pytest.fixture(autouse=True)
def _our_variables_and_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in [v for v in os.environ if v.startswith(PREFIX)]:
        monkeypatch.delenv(found)
    configure_logs("error", as_json=False)  # to standard error, as every command does


@pytest.mark.parametrize("document", with_python(), ids=name)
def test_the_python_of_a_document_runs_and_prints_what_is_shown(document: Path) -> None:
    """Its blocks share their names; a block of text right below one is what it prints."""
    names: dict[str, object] = {"__name__": document.stem}
    found = blocks(document)
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language != "python":
            continue
        # The blank lines make a traceback show the line of the document.
        code = compile("\n" * (block.line - 1) + block.code, str(document), "exec")
        with redirect_stdout(StringIO()) as printed:
            exec(code, names)  # noqa: S102 - our own documents
        if following is not None and following.language == "text":
            assert following.code == printed.getvalue()


def commands(document: Path) -> Iterator[list[str]]:
    """The words of every command in blocks for the shell, and in `code` that is a command."""
    for block in blocks(document):
        if block.language in SHELL:
            for line in block.code.replace("\\\n", " ").splitlines():
                yield words(line)
    for code in re.findall(r"`([^`\n]+)`", prose(document)):
        # `make` and `dynastrata` alone are names.
        if len(code.split()) > 1:
            yield words(code)


def words(line: str) -> list[str]:
    """A command without prompt, assignments in front, comment, and what is piped into others."""
    try:
        split = shlex.split(line.removeprefix("$ "), comments=True)
    except ValueError:
        return []  # one line of a longer command, or no command
    while split and (split[0] == "export" or re.match(r"[A-Za-z_]+=", split[0])):
        split.pop(0)
    return split


def is_make_target(arguments: list[str]) -> bool:
    targets = {a for a in arguments if "=" not in a}
    makefile = (ROOT / "Makefile").read_text()
    return all(re.search(rf"^{re.escape(t)}:", makefile, re.MULTILINE) for t in targets)


def is_dynastrata_command(arguments: list[str]) -> bool:
    command: Any = get_command(app)
    for argument in arguments:
        if argument.startswith("--"):
            known = {option for parameter in command.params for option in parameter.opts}
            if argument.partition("=")[0] not in known | {"--help"}:
                return False
        elif isinstance(command, TyperGroup):
            if argument not in command.commands:
                return False
            command = command.commands[argument]
    return True


def is_module(arguments: list[str]) -> bool:
    if arguments[:1] != ["-m"] or arguments[1] in {"ministack", "venv", "pip"}:
        return True
    return importlib.util.find_spec(arguments[1]) is not None


def is_docker_command(arguments: list[str]) -> bool:
    if arguments[:1] == ["build"]:
        return (ROOT / arguments[arguments.index("-f") + 1]).is_file()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    known = {*services, "compose", "up", "down", "-d", "--wait", "--detach", "--profile"}
    return set(arguments) <= known


CHECKS: dict[str, Check] = {
    "make": is_make_target,
    "dynastrata": is_dynastrata_command,
    "python": is_module,
    "docker": is_docker_command,
}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_in_a_document_exists(document: Path) -> None:
    wrong = [
        " ".join([command, *arguments])
        for command, *arguments in filter(None, commands(document))
        for check in [CHECKS.get(Path(command).name)]
        if check is not None and not check(arguments)
    ]
    assert wrong == []


def test_a_command_that_does_not_exist_is_found() -> None:
    assert not is_make_target(["no-such-target"])
    assert not is_dynastrata_command(["tables", "drop"])
    assert not is_dynastrata_command(["serve", "--no-such-option"])
    assert not is_module(["-m", "scripts.no_such_script"])
    assert not is_docker_command(["compose", "up", "no-such-service"])
    assert not is_docker_command(["build", "-f", "no-such-file", "."])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_script_and_variable_in_a_document_exists(document: Path) -> None:
    text = document.read_text()
    scripts = set(re.findall(r"\bscripts/[\w.-]+\.(?:sh|ps1|py)\b", text))
    variables = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", text))
    # Shown as an example of a wrong name.
    known = {variable(a.name) for a in fields(Settings)} | {f"{PREFIX}PROVIDR"}
    known |= {variable(option_of(name, TABLE)) for name in REGISTERED.tables}
    known |= {
        variable(option_of(n, DESTINATION)) for n in REGISTERED.integration_events.destinations
    }
    assert {script for script in scripts if not (ROOT / script).is_file()} == set()
    assert variables - known == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_in_a_document_leads_somewhere(document: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = document.parent / target if target else document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def walk() -> Block:
    """The README's one block that speaks to the API."""
    (block,) = (b for b in blocks(README) if b.language == "bash" and "curl" in b.code)
    return block


@contextmanager
def served(log: Path) -> Iterator[str]:
    """The address of a server as the README starts it, on another port."""
    assert any("make serve ARGS=--seed" in b.code for b in blocks(README))
    start = "from api.cli.main import main; main()"
    with reserved_port() as port, log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", start, "serve", "--seed", "--port", str(port)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://{LOOPBACK}:{port}"
            wait_for(server, f"{address}/health", log)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_the_walk_through_the_api_gets_the_answers_it_announces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("bash", "curl", "python3"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    monkeypatch.setenv("no_proxy", LOOPBACK)
    log = tmp_path / "log"
    with served(log) as address:
        script, places = re.subn(r"^api=.*$", f"api={address}", walk().code, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-eu", "-c", script],  # noqa: S607 - whichever bash there is
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    announced = re.findall(r"^# .*?\b([1-5]\d\d)\b", walk().code, re.MULTILINE)
    requests = re.findall(r"path=(\S+) +status=(\d{3})", log.read_text())
    answered = [status for path, status in requests if path != "/health"]
    assert places == 1
    assert done.returncode == 0, done.stderr
    assert announced == answered
    assert '"expected_version": 2, "actual_version": 3' in done.stdout
