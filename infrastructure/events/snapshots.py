"""Snapshots of event-sourced aggregates: how they are taken, and which are to be trusted."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import orjson
import structlog
from attrs import frozen

from application.errors import StorageError, UnreadableState
from domain.consistency import StreamId
from domain.event_sourced import EventSourced
from infrastructure.aggregates.aggregate_type import AggregateType, State

A = TypeVar("A", bound=EventSourced)

SNAPSHOTS = "snapshots"
"""The logical name of the table of snapshots."""

logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Snapshot:
    """The folded state of a stream at a version, as JSON of a schema version."""

    stream: StreamId
    version: int
    schema_version: int
    state: bytes


class SnapshotTable(Protocol):
    """Where snapshots are: at most one a stream, never needed for correctness."""

    def read(self, stream: StreamId) -> Snapshot | None:
        """The snapshot that was stored last. One request. Raises `UnreadableState`."""
        ...

    def write(self, snapshot: Snapshot) -> bool:
        """Stores it unless a newer one is there; whether it was stored. One request."""
        ...


@frozen
class Snapshots(Generic[A]):
    """The snapshots of one aggregate type."""

    aggregate_type: AggregateType[A]
    table: SnapshotTable
    schema_version: int

    def restore(self, stream: StreamId) -> A | None:
        """The aggregate as its snapshot has it, where there is one that can be read."""
        try:
            snapshot = self.table.read(stream)
            if snapshot is None:
                return None
            if snapshot.schema_version != self.schema_version:
                logger.info("snapshot of another schema passed over", stream=str(stream))
                return None
            return self._restored(stream, snapshot)
        except (StorageError, UnreadableState, ValueError) as error:
            logger.warning("snapshot passed over", stream=str(stream), reason=str(error))
            return None

    def take(self, stream: StreamId, state: State) -> None:
        """Stores a snapshot. One that fails is told and taken another time."""
        try:
            snapshot = Snapshot(
                stream=stream,
                version=state["version"],
                schema_version=self.schema_version,
                state=orjson.dumps(state),
            )
            self.table.write(snapshot)
        except (StorageError, TypeError) as error:
            logger.warning("snapshot not stored", stream=str(stream), reason=str(error))

    def _restored(self, stream: StreamId, snapshot: Snapshot) -> A:
        state: Any = orjson.loads(snapshot.state)
        told = (state.get("id"), state.get("version")) if isinstance(state, dict) else None
        if told != (stream.id, snapshot.version):
            raise UnreadableState(stream.type, stream.id, "not the state of its version")
        return self.aggregate_type.from_state(state)
