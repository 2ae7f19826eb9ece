"""States of projections, and heartbeats, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Lock

from attrs import evolve
from typing_extensions import override

from application.ports.projection_store import RunningInstance, Stamp
from infrastructure.projections.table import (
    HeartbeatTable,
    ProjectionStateTable,
    Refused,
    StoredState,
)


class MemoryProjectionStateTable(ProjectionStateTable):
    """States and tombstones in one process. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stored: dict[tuple[str, str], StoredState] = {}

    @override
    def read(self, projector: str, version: str) -> StoredState | None:
        return self._stored.get((projector, version))

    @override
    def write(
        self, stored: StoredState, expected: Stamp | None, *, deleted: bool = False
    ) -> Refused | None:
        key = (stored.state.projector, stored.state.version)
        with self._lock:
            found = self._stored.get(key)
            place = None if found is None else (found.state.stamp, found.is_deleted)
            if place != (None if expected is None else (expected, deleted)):
                return Refused(found)
            if found is not None and not deleted:
                state = evolve(stored.state, created=found.state.created)
                stored = evolve(stored, state=state)
            self._stored[key] = stored
            return None

    @override
    def all(self, projector: str | None = None) -> Iterable[StoredState]:
        with self._lock:
            found = list(self._stored.values())
        for stored in found:
            if projector in (None, stored.state.projector):
                yield evolve(stored, state=evolve(stored.state, inline=None))


class MemoryHeartbeatTable(HeartbeatTable):
    """Heartbeats in one process. Nothing expires here. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._beats: dict[tuple[str, str, str], RunningInstance] = {}

    @override
    def put(self, instance: RunningInstance, expires: datetime) -> None:
        key = (instance.projector, instance.version, instance.name)
        with self._lock:
            found = self._beats.get(key)
            if found is None or found.last_seen < instance.last_seen:
                self._beats[key] = instance

    @override
    def all(self) -> Iterable[RunningInstance]:
        with self._lock:
            return list(self._beats.values())
