"""Who runs which projector, by the heartbeats in a table of either provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from attrs import frozen
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.projection_store import (
    ProjectionHeartbeats,
    RunningInstance,
    check_projector,
)
from domain.errors import InvalidValue
from infrastructure.limits import can_be_key
from infrastructure.projections.table import HeartbeatTable

MAX_INSTANCE = 512
"""Bytes of an instance's name: it is part of a key."""


@frozen(kw_only=True)
class TableProjectionHeartbeats(ProjectionHeartbeats):
    """An instance counts as running for so long after it was last seen."""

    table: HeartbeatTable
    clock: Clock
    lasting: timedelta = timedelta(minutes=2)

    @override
    def beat(self, instance: RunningInstance) -> None:
        """See `ProjectionHeartbeats`. One request."""
        check_projector(instance.projector, instance.version)
        if not can_be_key(instance.name, MAX_INSTANCE):
            raise InvalidValue("name", f"must be 1 to {MAX_INSTANCE} printable bytes")
        self.table.put(instance, instance.last_seen + self.lasting)

    @override
    def instances(self) -> Sequence[RunningInstance]:
        """See `ProjectionHeartbeats`. One request a page."""
        seen_since = self.clock.now() - self.lasting
        running = (each for each in self.table.all() if each.last_seen > seen_since)
        return sorted(running, key=lambda each: (each.projector, each.version, each.name))
