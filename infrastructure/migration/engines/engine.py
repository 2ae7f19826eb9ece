"""What every engine promises, and the loop that they share."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager
from threading import Event
from typing import Generic, Protocol, TypeVar

import structlog
from attrs import define, field, frozen

from domain.errors import DynastrataError
from infrastructure.migration.tasks import Task

R = TypeVar("R")

logger = structlog.get_logger(__name__)

Work = Callable[[Task], R]
"""Does a task. Whatever it gives can be pickled."""

MakeWork = Callable[[], Work[R]]
"""Makes it in the process that does the tasks. Can be pickled."""

Run = Callable[[Iterable[Task]], Iterator[R]]
"""Gives what the work gave for each task, as each is done.

After a task has failed no other is begun; those under way are given first. Raises `TaskFailed`
where the work raised a `DynastrataError`, and what else it raised as it is.
"""

MAX_ATTEMPTS = 3
"""How often a task is begun that takes its process with it."""


@frozen
class TaskFailed(DynastrataError):
    """What stands is saved: the migration goes on with this task when it is run again."""

    task: str
    reason: str

    def __str__(self) -> str:
        return f"{self.task}: {self.reason}"


class Engine(Protocol):
    """Does tasks, several at once and in any order."""

    @property
    def workers(self) -> int:
        """How many tasks are under way at once."""
        ...

    def open(self, make_work: MakeWork[R]) -> AbstractContextManager[Run[R]]:
        """What does tasks, as often as it is given some, in workers that stay until it is left."""
        ...

    def stop(self) -> None:
        """No other task is begun. For any thread."""
        ...

    def kill(self) -> None:
        """Ends the tasks under way too, at once. For any thread."""
        ...


@define
class Dispatcher(Generic[R]):
    """Keeps so many tasks under way in an executor, and gives what becomes of them.

    `renew` makes the executor, and a new one after it broke: then the tasks that were under way are
    begun again, each at most `MAX_ATTEMPTS` times.
    """

    _at_once: int
    _stopped: Event
    _renew: Callable[[], Callable[[Task], Future[R]]]
    _tasks: deque[Task] = field(factory=deque, init=False)
    _submit: Callable[[Task], Future[R]] | None = field(default=None, init=False)
    _under_way: dict[Future[R], Task] = field(factory=dict, init=False)
    _lost: Counter[Task] = field(factory=Counter, init=False)
    _error: BaseException | None = field(default=None, init=False)

    def results(self, tasks: Iterable[Task]) -> Iterator[R]:
        """See `Run`."""
        self._tasks.extend(tasks)
        self._begin()
        while self._under_way:
            completed, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in completed:
                task, error = self._under_way.pop(future), future.exception()
                if error is None:
                    yield future.result()
                else:
                    self._failed(task, error)
            self._begin()
        if self._error is not None:
            raise self._error

    def _begin(self) -> None:
        while self._tasks and len(self._under_way) < self._at_once:
            if self._error is not None or self._stopped.is_set():
                return
            if self._submit is None:
                if self._under_way:  # of the broken one: they fail in a moment
                    return
                self._submit = self._renew()
            task = self._tasks.popleft()
            try:
                self._under_way[self._submit(task)] = task
            except BrokenExecutor:
                self._submit = None
                self._tasks.appendleft(task)

    def _failed(self, task: Task, error: BaseException) -> None:
        if not isinstance(error, BrokenExecutor):
            self._error = error
            return
        self._submit = None
        self._lost[task] += 1
        if self._lost[task] < MAX_ATTEMPTS:
            logger.warning("a worker process was lost: done again", task=task_name(task))
            self._tasks.appendleft(task)
        else:
            reason = f"{MAX_ATTEMPTS} times a worker process was lost while it was under way"
            self._error = TaskFailed(task_name(task), reason)


def attempt(work: Callable[[], Work[R]], task: Task) -> R:
    """What the work gives. Raises `TaskFailed` for a `DynastrataError`, which may not pickle."""
    try:
        return work()(task)
    except TaskFailed:
        raise
    except DynastrataError as error:
        raise TaskFailed(task_name(task), str(error)) from error


def task_name(task: Task) -> str:
    """A task for people: `range 7 of users (Customer)`."""
    return f"range {task.number} of {task.table} ({task.entity}, {task.step})"
