"""Failed attempts in memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from typing_extensions import override

from infrastructure.system.failure_limiter import FailureTable, FailureWindow


class MemoryFailureTable(FailureTable):
    """Failures by window, in one process. For any thread. No key is ever removed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[str, FailureWindow] = {}

    @override
    def add(self, key: str, amount: int, now: datetime, until: datetime) -> int:
        with self._lock:
            present = self.window(key, now) or FailureWindow(0, until)
            self._windows[key] = FailureWindow(present.failures + amount, present.until)
            return self._windows[key].failures

    @override
    def window(self, key: str, now: datetime) -> FailureWindow | None:
        present = self._windows.get(key)
        return None if present is None or present.until <= now else present
