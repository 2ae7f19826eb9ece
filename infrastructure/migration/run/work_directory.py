"""What a migration keeps on disk: a checkpoint for each table, and the rejects of all."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from domain.errors import DynastrataError
from infrastructure.migration.disk import file_failures
from infrastructure.migration.run.append_file import AppendFile
from infrastructure.migration.run.checkpoint import Checkpoint, done_of
from infrastructure.migration.run.rejects import RejectFile
from infrastructure.migration.tasks import Report

REJECTS = "rejects.jsonl"


@frozen
class WorkInUse(DynastrataError):
    """Another run has this work directory open."""

    path: str

    def __str__(self) -> str:
        return f"another run is at work in {self.path}"


class WorkDirectory:
    """One run at a time has it open."""

    def __init__(
        self, path: Path, checkpoints: Mapping[str, Checkpoint], rejects: AppendFile
    ) -> None:
        """Raises `CheckpointDamaged` where rejects are gone."""
        self.path = path
        self.checkpoints = checkpoints
        done = [each for checkpoint in checkpoints.values() for each in checkpoint.done]
        self._rejects = RejectFile(rejects, max((each.rejects_end for each in done), default=0))

    def add(self, report: Report) -> None:
        """When it returns, the task of this report is not done again."""
        end = self._rejects.add(report.rejects)
        self.checkpoints[report.task.table].add(done_of(report, end))

    @property
    def is_begun(self) -> bool:
        """Whether an earlier run has planned a table."""
        return any(checkpoint.plan is not None for checkpoint in self.checkpoints.values())

    @property
    def rejected(self) -> int:
        """Rows rejected so far, by all runs."""
        done = (each for checkpoint in self.checkpoints.values() for each in checkpoint.done)
        return sum(each.rejected for each in done)


@contextmanager
def open_work(path: Path, tables: Iterable[str]) -> Iterator[WorkDirectory]:
    """Makes the directory where there is none.

    Raises `WorkInUse`, `CheckpointDamaged`, `FileFailed`.
    """
    with file_failures(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as opened:
        opened.enter_context(_locked(path))
        files = {
            table: opened.enter_context(AppendFile(path / f"{table}.checkpoint.jsonl"))
            for table in tables
        }
        checkpoints = {table: Checkpoint(file, table) for table, file in files.items()}
        rejects = opened.enter_context(AppendFile(path / REJECTS))
        yield WorkDirectory(path, checkpoints, rejects)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps a second run out; where there are no such locks, its user does."""
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 Windows has none

    with file_failures(path):
        opened = (path / "lock").open("w")
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkInUse(str(path)) from None
        yield
