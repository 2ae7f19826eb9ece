"""Time that passes only while everyone waits for it: leases run out, and no test sleeps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from threading import Lock

from attrs import frozen

START = datetime(2045, 11, 1, tzinfo=UTC)
"""In the future, as engines remove what has expired by their own clocks."""


@frozen
class OffClock:
    """Implements `Clock`: so many seconds ahead of the time, or behind."""

    time: VirtualTime
    ahead: float

    def now(self) -> datetime:
        return self.time.now() + timedelta(seconds=self.ahead)


class VirtualTime:
    """Implements `Clock` for threads that it runs, all in the same time.

    It stands still while one of them works, and once all of them wait it is the moment that comes
    first. Those who waited for that moment go on together or, `one_at_a_time`, one after the other:
    then what happens depends on nothing but how long they wait.
    """

    def __init__(self, *, one_at_a_time: bool = False) -> None:
        self._one_at_a_time = one_at_a_time
        self._now = START
        self._lock = Lock()
        self._numbers = count()
        self._waiting: list[tuple[datetime, int, Lock]] = []
        self._working = 0

    def now(self) -> datetime:
        return self._now

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return (self._now - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        until = self._now + timedelta(seconds=seconds)
        if self._working == 0:  # outside of `run` nobody else waits
            self._now = until
            return
        gate = self._enlist(until)
        self._rest()
        gate.acquire()

    def run(self, *tasks: Callable[[], None]) -> None:
        """Runs each in a thread of its own, to its end. Raises what one of them raised."""
        gates = [self._enlist(self._now) for _ in tasks]
        with ThreadPoolExecutor(len(tasks)) as pool:
            runs = [
                pool.submit(self._run, task, gate) for task, gate in zip(tasks, gates, strict=True)
            ]
            with self._lock:
                self._go_on()
        for run in runs:
            run.result()

    def _run(self, task: Callable[[], None], gate: Lock) -> None:
        gate.acquire()
        try:
            task()
        finally:
            self._rest()

    def _enlist(self, until: datetime) -> Lock:
        gate = Lock()
        gate.acquire()
        with self._lock:
            heappush(self._waiting, (until, next(self._numbers), gate))
        return gate

    def _rest(self) -> None:
        """One works no more; the last one lets time pass."""
        with self._lock:
            self._working -= 1
            if self._working == 0:
                self._go_on()

    def _go_on(self) -> None:
        if not self._waiting:
            return
        self._now = self._waiting[0][0]
        while self._waiting and self._waiting[0][0] == self._now:
            self._working += 1
            heappop(self._waiting)[2].release()
            if self._one_at_a_time:
                return
