"""Work in a thread of its own, and how it is stopped: by whoever began it, or by a signal."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Event, Thread
from typing import Protocol

import structlog
from typing_extensions import override

_SECONDS_TO_A_SIGNAL = 1.0
"""A signal may wake another thread than the one that handles it; that one looks up so often."""

logger = structlog.get_logger(__name__)


class Worker(Protocol):
    """What works until it is stopped: a relay, or projectors."""

    def stop(self) -> None:
        """Ends its work once what is begun is ended. For any thread."""
        ...


class WorkerThread(Thread):
    """Lets a worker work. It never keeps the process from ending: nothing is lost with a worker.

    `error` is what the work raised.
    """

    def __init__(self, worker: Worker, work: Callable[[], object]) -> None:
        super().__init__(name=type(worker).__name__, daemon=True)
        self._worker = worker
        self._work = work
        self.error: Exception | None = None

    @override
    def run(self) -> None:
        """The work."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 told to whoever waits for it
            self.error = error

    def end(self, seconds: float) -> None:
        """Stops the worker, and gives it so many seconds to end what it has begun."""
        self._worker.stop()
        self.join(seconds)
        if self.is_alive():
            logger.warning("left at work: what it holds is free when its leases end", who=self.name)


def until_stopped(worker: Worker, work: Callable[[], object], seconds: float) -> None:
    """Lets it work; Ctrl-C and SIGTERM give it some seconds to end what it has begun.

    A second signal ends it at once. It works in another thread than the one that handles signals:
    there, `stop` could wait for the lock of an event that the interrupted worker holds.
    """
    thread = WorkerThread(worker, work)
    asked = Event()

    def stop(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        worker.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        thread.start()
        while thread.is_alive() and not asked.is_set():
            thread.join(_SECONDS_TO_A_SIGNAL)
        thread.end(seconds)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if thread.error is not None:
        raise thread.error
