"""Work in a thread of its own, and whether it comes round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from typing import Protocol

from attrs import define, field
from typing_extensions import override

from application.ports.clock import Clock

_LATE = timedelta(minutes=2)
"""Longer than anything takes that goes well: a pass of a relay, the leases of its keys, a page."""


class Worker(Protocol):
    """What works until it is stopped: a relay, projectors, a server."""

    @property
    def is_late(self) -> bool:
        """Whether no round has succeeded for two minutes. For any thread."""
        ...

    def stop(self) -> None:
        """Ends its work once what is begun is ended. For any thread."""
        ...


class WorkThread(Thread):
    """Lets a worker work. It never keeps the process from ending: nothing is lost with a worker.

    `error` is what the work raised.
    """

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.error: BaseException | None = None

    @override
    def run(self) -> None:
        """The work."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 told to whoever waits for it
            self.error = error


def end(thread: Thread, worker: Worker, seconds: float) -> None:
    """Stops a worker, and gives its thread so many seconds to end what it has begun."""
    worker.stop()
    thread.join(seconds)
    if thread.is_alive():
        import structlog  # noqa: PLC0415 it is rarely needed

        logger = structlog.get_logger(__name__)
        logger.warning("left at work: what it holds is free when its leases end", who=thread.name)


@contextmanager
def beside(worker: Worker, work: Callable[[], object], seconds: float) -> Iterator[None]:
    """Within the block it works in a thread; then it has so many seconds to end what it began."""
    thread = WorkThread(type(worker).__name__, work)
    thread.start()
    try:
        yield
    finally:
        end(thread, worker, seconds)


@define
class Rounds:
    """When the last round of a worker succeeded. For any thread."""

    clock: Clock
    _last: datetime = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._last = self.clock.now()

    def succeeded(self) -> None:
        """A round has just succeeded, or a look of one that stands by."""
        self._last = self.clock.now()

    @property
    def is_late(self) -> bool:
        """Whether no round has succeeded for two minutes."""
        # A clock that steps back does not hide it.
        return abs(self.clock.now() - self._last) > _LATE
