"""How far a table is: which ranges of its rows are done, and what became of them.

The format is stored: `<table>.checkpoint.jsonl`, first a line that says what is migrated and in
which ranges, then one for each task that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
from attrs import asdict, frozen
from cattrs import BaseValidationError, Converter

from domain.errors import DynastrataError
from infrastructure.migration.run.append_file import AppendFile
from infrastructure.migration.run.key_values import keys_from_json, keys_to_json
from infrastructure.migration.source.ranges import KeyRange
from infrastructure.migration.tasks import Pass, Report, Task

FORMAT = 2

T = TypeVar("T")


@frozen
class CheckpointDamaged(DynastrataError):
    """A checkpoint says what no run has written. Nothing of it is believed."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.path}, line {self.line}: {self.reason}; with another --work directory the "
            "migration begins anew"
        )


@frozen
class AnotherMigration(DynastrataError):
    """The work directory is of another contract, source, target, or key of the rows."""

    path: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"{self.path} is of another {self.what}: {self.found}, not {self.expected}; "
            "choose another --work directory"
        )


@frozen
class Identity:
    """What is migrated from where to where. Nothing in it is secret."""

    contract: str
    source: str
    target: str
    key: str
    """By which columns the rows of each table are divided into ranges, and how these compare."""


@frozen
class Plan:
    """The ranges of each entity of a table, in order."""

    identity: Identity
    ranges: Mapping[str, tuple[KeyRange, ...]]


@frozen
class Done:
    """A task that is done, and where the reject file ended then."""

    step: Pass
    entity: str
    number: int
    rows: int
    items: int
    rejected: int
    item_bytes: int
    write_units: float
    rejects_end: int

    @property
    def task_key(self) -> tuple[Pass, str, int]:
        """What tells the tasks of a table."""
        return (self.step, self.entity, self.number)


def done_of(report: Report, rejects_end: int) -> Done:
    """What the checkpoint keeps of a report."""
    task = report.task
    return Done(
        step=task.step,
        entity=task.entity,
        number=task.number,
        rows=report.rows,
        items=report.items,
        rejected=len(report.rejects),
        item_bytes=report.item_bytes,
        write_units=report.write_units,
        rejects_end=rejects_end,
    )


class Checkpoint:
    """The checkpoint of one table. One process has it open."""

    def __init__(self, file: AppendFile, table: str) -> None:
        """Reads what is there, and forgets a torn end. Raises `CheckpointDamaged`."""
        self._file = file
        self._table = table
        lines = self._file.lines()
        self.plan = self._read(1, lines[0], _plan) if lines else None
        self.done = [self._read(n, line, _done) for n, line in enumerate(lines[1:], 2)]
        self._check_tasks()
        self._file.cut(sum(len(line) + 1 for line in lines))

    def begin(self, plan: Plan) -> None:
        """Writes the plan of a table of which nothing is done."""
        content = {"format": FORMAT, **_CONVERTER.unstructure(plan)}
        self._file.append([orjson.dumps(content)])
        self.plan = plan

    def check(self, expected: Identity) -> None:
        """Raises `AnotherMigration` where the plan is of something else."""
        found = expected if self.plan is None else self.plan.identity
        for what, value in asdict(expected).items():
            if getattr(found, what) != value:
                path = str(self._file.path)
                raise AnotherMigration(path, what, value, getattr(found, what))

    def add(self, done: Done) -> None:
        """When it returns, this task is not done again."""
        self._file.append([orjson.dumps(_CONVERTER.unstructure(done))])
        self.done.append(done)

    def tasks(self, step: Pass) -> list[Task]:
        """The tasks that are left of a pass, in order."""
        have = {done.task_key for done in self.done}
        ranges = {} if self.plan is None else self.plan.ranges
        return [
            Task(self._table, entity, number, each.after, each.up_to, step)
            for entity, some in ranges.items()
            for number, each in enumerate(some)
            if (step, entity, number) not in have
        ]

    @property
    def ranges(self) -> int:
        """How many ranges the table has, of all its entities."""
        return 0 if self.plan is None else sum(map(len, self.plan.ranges.values()))

    def _check_tasks(self) -> None:
        ranges = {} if self.plan is None else self.plan.ranges
        seen = set()
        for line, done in enumerate(self.done, 2):
            if done.number not in range(len(ranges.get(done.entity, ()))):
                raise self._damaged(line, f"{done.entity} has no range {done.number}")
            if done.task_key in seen:
                raise self._damaged(line, f"range {done.number} of {done.entity} is there twice")
            seen.add(done.task_key)

    def _read(self, line: int, content: bytes, read: Callable[[Any], T]) -> T:
        try:
            return read(orjson.loads(content))
        except orjson.JSONDecodeError as error:
            raise self._damaged(line, "it is no JSON") from error
        except (BaseValidationError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise self._damaged(line, "it has not the shape that it must have") from error

    def _damaged(self, line: int, reason: str) -> CheckpointDamaged:
        return CheckpointDamaged(str(self._file.path), line, reason)


def _plan(content: Any) -> Plan:
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    return _CONVERTER.structure(
        {"identity": content["identity"], "ranges": content["ranges"]}, Plan
    )


def _done(content: Any) -> Done:
    if content["rows"] != content["items"] + content["rejected"] and content["step"] == Pass.ITEMS:
        raise ValueError("the counts do not add up")
    return _CONVERTER.structure(content, Done)


def _range(content: Any, _: type[KeyRange]) -> KeyRange:
    after, up_to = content
    return KeyRange(keys_from_json(after), keys_from_json(up_to))


_CONVERTER = Converter(forbid_extra_keys=True)
_CONVERTER.register_structure_hook(KeyRange, _range)
_CONVERTER.register_unstructure_hook(
    KeyRange, lambda each: [keys_to_json(each.after), keys_to_json(each.up_to)]
)
