"""The clock of the machine."""

from __future__ import annotations

from datetime import UTC, datetime

from typing_extensions import override

from application.ports.clock import Clock


class SystemClock(Clock):
    """The clock of the machine."""

    @override
    def now(self) -> datetime:
        return datetime.now(UTC)
