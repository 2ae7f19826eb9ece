"""The tasks of a migration in processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from multiprocessing.connection import wait
from threading import Event, Thread
from typing import Any, ClassVar

from typing_extensions import override

from infrastructure.migration.engines.engine import (
    Dispatcher,
    Engine,
    MakeWork,
    R,
    Run,
    Work,
    attempt,
)
from infrastructure.migration.tasks import Task


class ProcessEngine(Engine):
    """So many worker processes; one worker is this process itself.

    The tasks of a process that the system has killed are done again, as are those of the others,
    which end with it.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._stopped = Event()

    @property
    @override
    def workers(self) -> int:
        return self._workers

    @override
    @contextmanager
    def open(self, make_work: MakeWork[R]) -> Iterator[Run[R]]:
        if self._workers == 1:
            yield partial(self._here, cache(make_work))
            return
        with ExitStack() as pools:

            def renew() -> Callable[[Task], Future[R]]:
                pools.close()
                pool = pools.enter_context(self._new_pool(make_work))
                return lambda task: pool.submit(_work, task)

            yield Dispatcher(self._workers, self._stopped, renew).results

    @override
    def stop(self) -> None:
        self._stopped.set()

    @override
    def kill(self) -> None:
        self._stopped.set()
        for child in multiprocessing.active_children():
            child.kill()

    def _here(self, made: Callable[[], Work[R]], tasks: Iterable[Task]) -> Iterator[R]:
        for task in tasks:
            if self._stopped.is_set():
                return
            yield attempt(made, task)

    def _new_pool(self, make_work: MakeWork[R]) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(make_work,),
        )


class _Process:
    """What a worker process has. Its work is made for its first task, so that errors are told."""

    work: ClassVar[Callable[[], Work[Any]]]


def _begin(make_work: MakeWork[Any]) -> None:
    _Process.work = cache(make_work)
    # An interrupt at the terminal goes to every process: the first one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Without it, workers would wait for ever for the tasks of a process that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(task: Task) -> Any:
    return attempt(_Process.work, task)
