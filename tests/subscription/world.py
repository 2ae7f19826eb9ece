"""A simulated stream, subscribers that die, and an account of what was delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from threading import Event
from typing import Any
from zlib import crc32

import orjson
from attrs import define, field

from application.ports.event_store import StoredEvent, StreamSlice
from application.ports.subscriptions import Start
from domain.consistency import Anything, StreamId
from infrastructure.commit.participant import Action
from infrastructure.dynamodb.change_feed.frontier import Frontier
from infrastructure.dynamodb.change_feed.lineage import Lineage, Shard
from infrastructure.dynamodb.change_feed.positions import Place
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.events.streams import (
    EVENTS,
    EventDecoder,
    StreamTable,
    stream_key,
)
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.metering import Meter
from infrastructure.subscriptions.change_reader import Wait
from infrastructure.subscriptions.event_subscription import (
    EventSubscription,
    TableEventSubscriptions,
)
from infrastructure.subscriptions.leases import Checkpoint
from tests.events.samples import OPTIONS, REGISTRY, noted
from tests.stores import Store
from tests.subscription.simulated_stream import CALM, Chances, SimulatedStream
from tests.subscription.simulated_table import Key, SimulatedTable
from tests.subscription.subscribing import LEASE, FakeClock, RecordingCheckpoints, stream_id

NAME = "mailer"

_QUIET_WAITS = 10
"""An empty page is no end; so many rounds of them are."""


@define
class CountedReads:
    """A table of events that counts how often events are read from it."""

    table: StreamTable
    count: int = 0

    def append(self, events: Sequence[StoredEvent]) -> tuple[Action, ...]:
        return self.table.append(events)

    def check(self, stream: StreamId, version: int) -> Action:
        return self.table.check(stream, version)

    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
        decode: EventDecoder | None = None,
    ) -> StreamSlice:
        self.count += 1
        return self.table.read(
            stream, first=first, last=last, backwards=backwards, limit=limit, decode=decode
        )


@define
class World:
    """The events are in `store`; what subscribers read of them is what the simulation lets out.

    With `mixed` half of the commits are packed. `wrong` collects what must never happen. `gaps`
    counts the reads of events whose records had not come.
    """

    seed: int
    chances: Chances = CALM
    partitions: int = 2
    listings_late: int = 0
    mixed: bool = False
    remembered: int = 100_000
    store: Store = field(factory=lambda: Store("memory", MemoryProvider()))
    clock: FakeClock = field(factory=FakeClock)
    checkpoints: RecordingCheckpoints = field(
        factory=lambda: RecordingCheckpoints(MemoryCheckpointTable())
    )
    committed: dict[str, int] = field(factory=dict)
    delivered: list[Key] = field(factory=list)
    repeats: int = 0
    takeovers: int = 0
    wrong: list[str] = field(factory=list)
    random: Random = field(init=False)
    table: SimulatedTable = field(init=False)
    stream: SimulatedStream = field(init=False)
    table_stream: TableStream = field(init=False)
    gaps: CountedReads = field(init=False)
    _quiet: int = 0
    _killed: list[Any] = field(factory=list)
    _delivered_before: set[Key] = field(factory=set)
    _resumed: Checkpoint | None = None

    def __attrs_post_init__(self) -> None:
        self.store.options = OPTIONS
        self.random = Random(self.seed)
        self.table = SimulatedTable(
            self.random, self.clock, self.partitions, listings_late=self.listings_late
        )
        self.stream = SimulatedStream(self.table, self.chances)
        policy = RetryPolicy(
            sleep=self.clock.advance,
            random=self.random.random,
            monotonic=lambda: self.clock.now().timestamp(),
            attempts=10,
            deadline=600,
        )
        self.gaps = CountedReads(self.store.provider.events())
        gateway = Gateway(self.stream, Meter(), policy)
        self.table_stream = TableStream("events", gateway, gateway, page_size=50)

    # What writers and the service do.

    def commit(self, stream: str | None = None, count: int | None = None) -> None:
        """Some events more in one commit."""
        name = stream or f"s{self.random.randrange(8)}"
        count = count or self.random.randint(1, 4)
        version = self.store.event_store().append(
            stream_id(name), noted(*["x"] * count), Anything()
        )
        events = self.store.provider.events()
        committed = events.read(stream_id(name), first=version.version - count + 1).events
        self.table.commit(committed, packed=self.mixed and self.random.random() < 0.5)
        self.committed[stream_key(stream_id(name))] = version.version

    def commit_of(self, key: Key) -> set[Key]:
        """All events of the commit that an event belongs to."""
        item = self.table.items[key]
        first, count = int(item["commitFirst"]["N"]), int(item["commitCount"]["N"])
        return {(key[0], version) for version in range(first, first + count)}

    def trim_what_is_read(self) -> None:
        """Shards go that the stored checkpoint has passed, if it knows all that come after them.

        In truth there is a day between.
        """
        positions = self._frontier(self.checkpoints.stored or {})
        passed = self._lineage().ancestors(positions) - set(positions)
        shards = self.table.shards.values()
        unknown = {s.parent for s in shards if s.id not in positions and s.id not in passed}
        for shard_id in passed - unknown:
            self.table.trim(shard_id)

    # What subscribers do.

    def open(self, start: Start = Start.CHECKPOINT, wait: Wait | None = None) -> EventSubscription:
        """Another instance subscribes."""
        self._delivered_before = set(self.delivered)
        self._resumed = self.checkpoints.stored if start is Start.CHECKPOINT else None
        subscriptions = TableEventSubscriptions(
            table=EVENTS,
            source=lambda: TableChanges(self.table_stream, self.clock, EventReader(EventModel)),
            events=self.gaps,
            registry=REGISTRY,
            checkpoints=self.checkpoints,
            clock=self.clock,
            ids=self.store.ids,
            lease_seconds=LEASE,
            remembered=self.remembered,
            wait=wait or self._wait,
        )
        return subscriptions.subscribe(NAME, start)

    def kill(self, subscription: EventSubscription) -> None:
        """An instance ends without a word; its lease runs out."""
        subscription._is_closed = True
        self._killed.append(subscription)
        self.clock.advance(LEASE)
        self.takeovers += 1

    def read(self, subscription: EventSubscription, count: int) -> bool:
        """Reads so many events; False where the subscription stopped before."""
        for _ in range(count):
            event = next(subscription, None)
            if event is None:
                return False
            self.deliver(event)
            self.clock.advance(self.random.random() * 10)
        return True

    def read_to_the_end(self, start: Start = Start.CHECKPOINT) -> None:
        """Reads until nothing is left that could come."""
        with self.open(start) as subscription:
            for event in subscription:
                self.deliver(event)

    def failures(self) -> list[str]:
        """What was promised and not kept."""
        first: dict[str, list[int]] = {}
        for stream, version in dict.fromkeys(self.delivered):
            first.setdefault(stream, []).append(version)
        for stream, last in self.committed.items():
            versions = first.get(stream, [])
            if set(versions) != set(range(1, last + 1)):
                self.wrong.append(f"lost of {stream}: {set(range(1, last + 1)) - set(versions)}")
            elif versions != sorted(versions):
                self.wrong.append(f"out of order: {stream} {versions}")
        return self.wrong

    def deliver(self, event: StoredEvent) -> None:
        key = (stream_key(event.stream), event.version)
        if key in self._delivered_before:
            self.repeats += 1
            if self._is_covered(key, self._resumed):
                self.wrong.append(f"repeated though checkpointed: {key}")
        self.delivered.append(key)
        self._quiet = 0

    def _wait(self, stopping: Event, seconds: float) -> None:
        """In place of waiting: the service goes on, and at its end the subscription stops."""
        self.clock.advance(seconds)
        if self.table.publish(3) or not self.table.is_quiet:
            self._quiet = 0
        self._quiet += 1
        if self._quiet > _QUIET_WAITS:
            self._quiet = 0
            stopping.set()

    def _is_covered(self, key: Key, checkpoint: Checkpoint | None = None) -> bool:
        """Whether the event's record lies before a checkpoint."""
        checkpoint = checkpoint or self.checkpoints.stored
        if checkpoint is None or key not in self.table.published:
            return False
        if "scan" in checkpoint and not self._is_scanned(key, checkpoint["scan"]):
            return False
        shard_id, number = self.table.published[key]
        frontier = self._frontier(checkpoint)
        position = frontier.get(shard_id)
        if position is None:
            return shard_id in self._lineage().ancestors(frontier)
        if position.place is Place.END and not position.sequence:
            return True
        is_passed = position.place in (Place.AFTER, Place.END)
        return is_passed and number <= int(position.sequence)

    def _is_scanned(self, key: Key, scan: str) -> bool:
        if scan == "null":
            return False
        after = EventModel.from_raw_data(orjson.loads(scan))
        reached = (crc32(after.pk.encode()), after.pk, int(after.sk))
        return (crc32(key[0].encode()), *key) <= reached

    def _frontier(self, checkpoint: Checkpoint) -> Mapping[str, Any]:
        return Frontier.of_entries("events", checkpoint)._positions

    def _lineage(self) -> Lineage:
        return Lineage(Shard(shard.id, shard.parent) for shard in self.table.shards.values())
