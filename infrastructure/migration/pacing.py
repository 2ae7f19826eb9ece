"""Keeping to a number of write units a second."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pacing:
    """Waits before a write until those before it have had their time.

    What a write costs is known from its answer, so it is the next one that waits; nothing is saved
    up while no one writes. For one thread. `None` waits for nothing.
    """

    def __init__(
        self,
        units_per_second: float | None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = units_per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = monotonic()

    def wait(self) -> None:
        """Returns when there may be a write."""
        now = self._monotonic()
        if now < self._free_at:
            self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now)

    def spent(self, units: float) -> None:
        """Counts what the write after the wait has cost."""
        if self._rate is not None:
            self._free_at += units / self._rate
