"""Work that engines do in their tests: it leaves a line in a file each time that it is begun."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from domain.errors import InvalidValue
from infrastructure.migration.engines.engine import MakeWork
from infrastructure.migration.tasks import Pass, Report, Task

Work = Callable[[Path, Task], Report]


def tasks(count: int) -> list[Task]:
    return [Task("users", "User", n, (n * 10,), (n * 10 + 10,), Pass.ITEMS) for n in range(count)]


def begun(log: Path) -> list[int]:
    """The numbers of the tasks in the order in which they were begun."""
    return [int(line) for line in log.read_text().splitlines()]


def works(do: Work, log: Path) -> MakeWork[Report]:
    return partial(partial, do, log)


def counts(log: Path, task: Task) -> Report:
    with log.open("a") as file:
        file.write(f"{task.number}\n")
    return Report(task, rows=10, items=10)


def refuses_the_third(log: Path, task: Task) -> Report:
    report = counts(log, task)
    if task.number == 2:
        raise InvalidValue("email", "is none")
    return report


def kills_its_process_once(log: Path, task: Task) -> Report:
    report = counts(log, task)
    if task.number == 2 and begun(log).count(2) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return report


def kills_its_process(log: Path, task: Task) -> Report:
    report = counts(log, task)
    if task.number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return report


def fails_once(log: Path, task: Task) -> Report:
    """An accident, of which no error of ours tells."""
    report = counts(log, task)
    if task.number == 2 and begun(log).count(2) == 1:
        raise OSError("the executor is gone")
    return report


def cannot_be_made() -> Callable[[Task], Report]:
    raise InvalidValue("source", "does not answer")
