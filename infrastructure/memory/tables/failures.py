"""Failed attempts in memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from typing_extensions import override

from infrastructure.system.failure_windows import FailureTable, FailureWindow

KEPT = 1_000
"""So many windows are kept before those that have ended are removed."""


class MemoryFailureTable(FailureTable):
    """Failures by window, in one process. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[str, FailureWindow] = {}
        self._kept = KEPT

    @override
    def add(
        self, key: str, amount: int, *, now: datetime, latest: datetime, until: datetime
    ) -> int:
        with self._lock:
            present = self.window(key, now=now, latest=latest) or FailureWindow(0, until)
            self._windows[key] = FailureWindow(present.failures + amount, present.until)
            if len(self._windows) > self._kept:
                self._remove_ended(now)
            return self._windows[key].failures

    @override
    def window(self, key: str, *, now: datetime, latest: datetime) -> FailureWindow | None:
        present = self._windows.get(key)
        return present if present is not None and now < present.until <= latest else None

    def _remove_ended(self, now: datetime) -> None:
        self._windows = {key: w for key, w in self._windows.items() if w.until > now}
        # Twice what is left, so that a table which is large for good is not swept every time.
        self._kept = max(KEPT, 2 * len(self._windows))
