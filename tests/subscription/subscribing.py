"""Subscriptions to test with: on any store, in a time that passes only when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from threading import Event

from attrs import define, field

from application.ports.event_store import StoredEvent
from application.ports.subscriptions import Start
from domain.consistency import Anything, StreamId
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.tables.checkpoints import DynamoDBCheckpointTable
from infrastructure.events.streams import EVENTS
from infrastructure.memory.change_feed import MemoryChanges
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.memory.tables.events import events_of
from infrastructure.subscriptions.change_reader import ChangeSource, Wait
from infrastructure.subscriptions.event_subscription import (
    EventSubscription,
    TableEventSubscriptions,
)
from infrastructure.subscriptions.leases import (
    CHECKPOINTS,
    Checkpoint,
    CheckpointLease,
    CheckpointTable,
)
from infrastructure.subscriptions.stream_order import Written
from tests.events.samples import OPTIONS, REGISTRY, noted
from tests.stores import Store

LEASE = 30.0
Seen = tuple[str, int]
"""An event as tests compare it: the id of its stream, and its version."""


@define
class FakeClock:
    """Implements `Clock`: stands still until it is moved."""

    moment: datetime = field(factory=lambda: datetime.now().astimezone())

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def stop_when_idle(stopping: Event, seconds: float) -> None:
    """In place of waiting: there is nothing more to come, so the subscription stops."""
    stopping.set()


@define
class RecordingCheckpoints:
    """A checkpoint table that tells what was stored last, as soon as it is."""

    table: CheckpointTable
    stored: Checkpoint | None = None
    on_store: Callable[[], None] = lambda: None

    def take(
        self, subscription: str, owner: str, now: datetime, until: datetime
    ) -> CheckpointLease | None:
        return self.table.take(subscription, owner, now, until)

    def store(
        self,
        subscription: str,
        token: int,
        revision: int,
        checkpoint: Checkpoint | None,
        *,
        now: datetime,
        until: datetime | None,
    ) -> bool:
        is_stored = self.table.store(
            subscription, token, revision, checkpoint, now=now, until=until
        )
        if is_stored and checkpoint is not None:
            self.stored = checkpoint
            self.on_store()
        return is_stored


@define
class Subscribing:
    """Events of one store, and subscriptions to them: every call is another instance's."""

    store: Store
    checkpoints: RecordingCheckpoints
    clock: FakeClock = field(factory=FakeClock)
    page_size: int = 1000
    abandoned: list[EventSubscription] = field(factory=list)

    def commit(self, stream: str, count: int = 1) -> None:
        """Appends events to a stream in one commit."""
        texts = [f"{stream} {n}" for n in range(count)]
        self.store.event_store().append(stream_id(stream), noted(*texts), Anything())

    def subscriptions(self, wait: Wait = stop_when_idle) -> TableEventSubscriptions:
        return TableEventSubscriptions(
            table=EVENTS,
            source=self._source(),
            events=self.store.provider.events(),
            registry=REGISTRY,
            checkpoints=self.checkpoints,
            clock=self.clock,
            ids=self.store.ids,
            lease_seconds=LEASE,
            wait=wait,
        )

    def subscribe(
        self, name: str = "mailer", start: Start = Start.CHECKPOINT, wait: Wait = stop_when_idle
    ) -> EventSubscription:
        return self.subscriptions(wait).subscribe(name, start)

    def read(self, name: str = "mailer", start: Start = Start.CHECKPOINT) -> list[Seen]:
        """Everything there is to come, dealt with and checkpointed."""
        with self.subscribe(name, start) as subscription:
            return seen(subscription)

    def kill(self, subscription: EventSubscription) -> None:
        """The instance is gone without a word, and its lease has run out."""
        subscription._is_closed = True
        self.abandoned.append(subscription)
        self.clock.advance(LEASE)

    def _source(self) -> Callable[[], ChangeSource[Written]]:
        provider = self.store.provider
        if isinstance(provider, MemoryProvider):
            database = provider.database
            return lambda: MemoryChanges(database, EVENTS, events_of, self.page_size)
        stream = table_stream(self.store, self.page_size)
        return lambda: TableChanges(stream, self.clock, EventReader(EventModel))


def subscribing(store: Store, *, page_size: int = 1000) -> Subscribing:
    """Subscriptions to the events of an empty store."""
    store.options = OPTIONS
    if isinstance(store.provider, MemoryProvider):
        memory = RecordingCheckpoints(MemoryCheckpointTable())
        return Subscribing(store, memory, page_size=page_size)
    table = DynamoDBCheckpointTable(store.gateway, store.table(CHECKPOINTS))
    return Subscribing(store, RecordingCheckpoints(table), page_size=page_size)


def table_stream(store: Store, page_size: int = 1000) -> TableStream:
    """The events table of a store on DynamoDB, with its stream."""
    return store.stream(EVENTS, page_size)


def stream_id(name: str) -> StreamId:
    return StreamId("Note", name)


def seen(events: Iterable[StoredEvent], count: int | None = None) -> list[Seen]:
    """The next events, all or so many."""
    return [(event.stream.id, event.version) for event in islice(events, count)]


def in_order(delivered: Iterable[Seen]) -> dict[str, list[int]]:
    """The versions of each stream as they came first, repeats left out."""
    streams: dict[str, list[int]] = {}
    for stream, version in dict.fromkeys(delivered):
        streams.setdefault(stream, []).append(version)
    return streams
