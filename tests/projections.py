"""Stores of projection states to test with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from application.ports.blob_store import BlobStore
from application.ports.projection_store import RunningInstance, Stamp, StateDescription
from domain.tagged_events import Position
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.blobs.offload import Offload
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.tables.projection_states import (
    DynamoDBHeartbeatTable,
    DynamoDBProjectionStateTable,
)
from infrastructure.memory.tables.projection_states import (
    MemoryHeartbeatTable,
    MemoryProjectionStateTable,
)
from infrastructure.projections.heartbeats import TableProjectionHeartbeats
from infrastructure.projections.states import TableProjectionStore
from infrastructure.projections.table import (
    PROJECTION_STATES,
    HeartbeatTable,
    ProjectionStateTable,
)
from infrastructure.system.ids import RandomIds
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

THRESHOLD = 300_000
POSITION = Position.of(2_426_155_200_000_000, "event-1")
ROSTER = StateDescription(
    projector="roster",
    version="1",
    payload_type="Roster",
    last_position=POSITION,
    events_processed=7,
    safe_window_threshold=Position.of(2_426_155_195_000_000, "!"),
    build_source="catch-up",
    build_host="host-1",
)


def state_table(store: Store) -> ProjectionStateTable:
    """The table of states of a store; in memory one of its own."""
    if isinstance(store.provider, DynamoDBProvider):
        return DynamoDBProjectionStateTable(store.gateway, store.table(PROJECTION_STATES))
    return MemoryProjectionStateTable()


def heartbeat_table(store: Store) -> HeartbeatTable:
    """The table of heartbeats of a store; in memory one of its own."""
    if isinstance(store.provider, DynamoDBProvider):
        return DynamoDBHeartbeatTable(store.gateway, store.table(PROJECTION_STATES))
    return MemoryHeartbeatTable()


def projection_store(
    table: ProjectionStateTable,
    blobs: BlobStore | None = None,
    now: datetime = NOW,
    threshold: int = THRESHOLD,
) -> TableProjectionStore:
    """A store at a time that stands still; its blobs are in memory unless others are given."""
    clock = FakeClock(now)
    return TableProjectionStore(
        table=table,
        offload=Offload(blobs or MemoryBlobStore(clock), threshold),
        clock=clock,
        ids=RandomIds(),
    )


def another(store: TableProjectionStore) -> TableProjectionStore:
    """Another instance over the same table and blobs."""
    return evolve(store, ids=RandomIds())


def roster(version: str = "1", events: int = 7, **changes: Any) -> StateDescription:
    """The state of the roster in a version, with so many events."""
    return evolve(ROSTER, version=version, events_processed=events, **changes)


def persist(
    store: TableProjectionStore,
    data: bytes = b"data",
    expected: Stamp | None = None,
    **changes: Any,
) -> Stamp:
    """Stores a state of the roster."""
    return store.persist(evolve(ROSTER, **changes), data, expected)


def heartbeats(table: HeartbeatTable, now: datetime = NOW) -> TableProjectionHeartbeats:
    """Heartbeats at a time that stands still, each of which lasts a minute."""
    return TableProjectionHeartbeats(
        table=table, clock=FakeClock(now), lasting=timedelta(minutes=1)
    )


def instance(name: str = "instance-1", seen: datetime = NOW, **changes: Any) -> RunningInstance:
    """An instance that runs the roster."""
    running = RunningInstance(
        name=name,
        host="host-1",
        projector="roster",
        version="1",
        last_position=POSITION,
        last_seen=seen,
    )
    return evolve(running, **changes)
