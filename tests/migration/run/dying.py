"""Runs `dynastrata migrate` in a process that leaves a line for each batch that it writes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from api.cli.main import main
from api.composition.migration import run, target, workers
from api.composition.migration.job import MigrationJob
from infrastructure.dynamodb.items import Item
from infrastructure.migration.pacing import Pacing
from infrastructure.migration.run.worker import Worker
from infrastructure.migration.targets.target import Target, WriteItems
from infrastructure.migration.tasks import Task

LOG = "TEST_WRITE_LOG"
"""Names the file for the lines."""

FAIL_ONCE = "TEST_FAIL_ONCE"
"""Names a file that is not there yet: once a batch is written, its process dies, a single time."""

STOP_ONCE = "TEST_STOP_ONCE"
"""The same, but that the process is asked to end."""


class LoggingTarget(Target):
    """Says which range it is about to write."""

    def __init__(self, target: Target, log: Path) -> None:
        self._target = target
        self._log = log

    @contextmanager
    def open(self, task: Task) -> Iterator[WriteItems]:
        with self._target.open(task) as write:

            def logged(items: Sequence[Item]) -> float:
                with self._log.open("a") as log:
                    log.write(f"{task.table} {task.number}\n")
                units = write(items)
                _signal_once(FAIL_ONCE, signal.SIGKILL)
                _signal_once(STOP_ONCE, signal.SIGTERM)
                return units

            yield logged


def _signal_once(variable: str, number: signal.Signals) -> None:
    if variable in os.environ:
        with suppress(FileExistsError):
            Path(os.environ[variable]).touch(exist_ok=False)
            os.kill(os.getpid(), number)


def begin(arguments: Sequence[str], env: Mapping[str, str], log: Path) -> ForkServerProcess:
    """A run in a process group of its own.

    It is forked from a process that has imported everything: a start takes no time then.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_run, args=(arguments, {**env, LOG: str(log)}))
    process.start()
    return process


def _run(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    os.setsid()
    os.environ.update(env)
    sys.argv = ["dynastrata", *arguments]
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        main()


_make_target = target.make_target


def _logging(job: MigrationJob, pacing: Pacing) -> Target:
    made = _make_target(job, pacing)
    return LoggingTarget(made, Path(os.environ[LOG])) if LOG in os.environ else made


# Also in workers that are spawned: these import this module for the sake of `make_worker`.
vars(workers)["make_target"] = _logging


def make_worker(job: MigrationJob) -> Worker:
    return _made_worker(job)


_made_worker = workers.make_worker
vars(run)["make_worker"] = make_worker
