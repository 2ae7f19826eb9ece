"""How far behind relays and projectors are, as they see it anyway, and what is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from application.ports.clock import Clock
from infrastructure.telemetry import names
from infrastructure.telemetry.telemetry import Telemetry


class OutboxGauges:
    """What a relay sees when it passes over the pending index: no request is made for it."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        meter = telemetry.meter
        self._clock = clock
        self._pending = meter.create_gauge(names.OUTBOX_PENDING, "{message}", "Pending messages.")
        self._oldest = meter.create_gauge(
            names.OUTBOX_OLDEST_AGE, "s", "Age of the oldest pending message."
        )

    def observe(self, pending: int, oldest: datetime | None) -> None:
        """So many messages were pending, the oldest of them since then."""
        age = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        self._pending.set(pending)
        self._oldest.set(max(age, 0.0))


class ProjectionGauges:
    """What a projector knows after each page."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._lag = telemetry.meter.create_gauge(
            names.PROJECTION_LAG, "s", "From what a projector has folded to what it may fold."
        )

    def observe(self, projector: str, lag: timedelta) -> None:
        """A projector is so far behind what it may fold."""
        self._lag.set(lag.total_seconds(), {names.PROJECTOR: projector})


class BreakerGauge:
    """What a breaker leaves alone: a table, or a destination."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._open = telemetry.meter.create_gauge(
            names.BREAKER_OPEN, "1", "1 while something is left alone, 0 once it works again."
        )

    def observe(self, name: str, is_open: bool) -> None:  # noqa: FBT001 see `OnChange`
        """It is left alone from now on, or works again."""
        self._open.set(int(is_open), {names.BREAKER: name})
