"""Relays to test with: on any store, in a time that passes only when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from attrs import define, field

from api.composition.outbox import make_polling_relay, make_stream_relay
from application.errors import Unreachable
from application.ports.outbox import StoredMessage
from application.ports.relay_queue import Acknowledgement, Busy, KeyLease, PendingKey
from application.ports.subscriptions import ChangesTrimmed, Start
from application.ports.transaction import Transaction
from application.relay import Relay, RelayOptions
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.mappers.outbox import message_of_image
from infrastructure.dynamodb.tables.checkpoints import DynamoDBCheckpointTable
from infrastructure.memory.change_feed import MemoryChanges
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.memory.tables.outbox import message_of
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.outbox.relays import RELAY, PollingRelay, StreamRelay
from infrastructure.outbox.table import OUTBOX
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.change_reader import ChangeReader, ChangeSource, Turn, Wait
from infrastructure.subscriptions.event_subscription import subscription_key
from infrastructure.subscriptions.leases import (
    CHECKPOINTS,
    Checkpoint,
    CheckpointLease,
    CheckpointTable,
)
from tests.outboxes import ADA, key, messages, outbox_of, queue_of
from tests.relaying.destinations import ALWAYS, ScriptedDestination
from tests.stores import Store, streams_client_of
from tests.subscription.subscribing import FakeClock

FAR = 86_400.0
"""Seconds between two sweeps where one is as good as never."""

STREAM_LEASE = 60.0
"""Seconds for which one instance has the stream."""

KEY_LEASE = 30.0

SUBSCRIPTION = subscription_key(OUTBOX, RELAY)

Step = Callable[[], object]


class Killed(BaseException):
    """The process ends without a word."""


@define
class Script:
    """In place of waiting: one step each time, and then the end. `waits` are the seconds asked."""

    steps: list[Step]
    end: Step = lambda: None
    waits: list[float] = field(factory=list)

    def __call__(self, stopping: Event, seconds: float) -> None:
        self.waits.append(seconds)
        step = self.steps.pop(0) if self.steps else self.end
        step()


@define
class Trouble:
    """What is wrong now: a store that is down raises `error`.

    `lost` are the calls of a source that find changes gone.
    """

    is_down: bool = False
    error: Exception = field(factory=lambda: Unreachable(operation="Query"))
    index_lags: bool = False
    lost: list[str] = field(factory=list)

    def meet(self) -> None:
        if self.is_down:
            raise self.error


@define
class WatchedQueue:
    """A queue that tells how often its index was read, which keys were taken, and what was sought.

    Sought are the messages that were seen of a key, each time it is read.
    """

    queue: TableRelayQueue
    trouble: Trouble
    sweeps: int = 0
    taken: list[str] = field(factory=list)
    sought: list[list[str]] = field(factory=list)

    def pending(self) -> Iterator[PendingKey]:
        self.trouble.meet()
        self.sweeps += 1
        return iter(()) if self.trouble.index_lags else self.queue.pending()

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        self.trouble.meet()
        self.taken.append(ordering_key)
        return self.queue.take(ordering_key, owner, now, until)

    def read(self, lease: KeyLease, seen: Collection[str], limit: int) -> list[StoredMessage]:
        self.sought.append(sorted(seen))
        return self.queue.read(lease, seen, limit)

    def acknowledge(self, acknowledgement: Acknowledgement) -> Transaction:
        return self.queue.acknowledge(acknowledgement)


@define
class TroubledCheckpoints:
    """A checkpoint table that cannot always be reached."""

    table: CheckpointTable
    trouble: Trouble

    def take(
        self, subscription: str, owner: str, now: datetime, until: datetime
    ) -> CheckpointLease | None:
        self.trouble.meet()
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
        self.trouble.meet()
        return self.table.store(subscription, token, revision, checkpoint, now=now, until=until)


@define
class TroubledSource:
    """A source that loses changes: with an error, or, at "record", without a word.

    `came` are the ids of the messages that were told of.
    """

    source: ChangeSource[StoredMessage]
    trouble: Trouble
    came: list[str]

    def start_at(self, start: Start) -> None:
        self.source.start_at(start)

    def resume(self, checkpoint: Checkpoint) -> None:
        self.source.resume(checkpoint)
        self._lose("resume")

    def poll(self) -> Turn[StoredMessage]:
        turn = self.source.poll()
        self._lose("poll")
        if turn.changes and "record" in self.trouble.lost:
            self.trouble.lost.remove("record")
            return Turn()
        images = [image for change in turn.changes for image in (change.new, change.old)]
        self.came += [image.key.message_id for image in images if image is not None]
        return turn

    def checkpoint(self, handled: int) -> Checkpoint:
        return self.source.checkpoint(handled)

    def _lose(self, call: str) -> None:
        if call in self.trouble.lost:
            self.trouble.lost.remove(call)
            raise ChangesTrimmed(OUTBOX, None, datetime.now(UTC))


@define
class TroubledAdapters:
    """What a relay that follows the stream takes of the adapters of its provider."""

    checkpoints: TroubledCheckpoints
    message_changes: Callable[[], TroubledSource]


@define
class Relaying:
    """The relays of one store: every call makes another instance."""

    store: Store
    clock: FakeClock
    trouble: Trouble
    queue: WatchedQueue
    adapters: TroubledAdapters
    came: list[str]
    destination: ScriptedDestination = field(factory=ScriptedDestination)

    def add(self, *ids: str, ordering_key: str = ADA) -> None:
        outbox_of(self.store).add_many(messages(*ids, ordering_key=ordering_key))

    def core(self, **options: Any) -> Relay:
        """A relay of its own name; the pause after the nth failure in a row is 2**n seconds."""
        given = {"lease_seconds": KEY_LEASE, "backoff": lambda n: 2.0**n, **options}
        publishers = {"people": self.destination}
        name = self.store.ids.new_id()
        options_ = RelayOptions(**given)
        return Relay(self.queue, publishers, self.clock, name, options_, sleep=self.clock.advance)

    def polling_relay(self, wait: Wait, **options: Any) -> PollingRelay:
        queue: Any = self.queue
        relay = make_polling_relay(Settings(), self.core(**options), queue)
        relay.wait = wait
        return relay

    def stream_relay(self, wait: Wait, *, sweep: float = FAR, **options: Any) -> StreamRelay:
        queue: Any = self.queue
        adapters: Any = self.adapters
        relay = make_stream_relay(
            Settings(relay_sweep_seconds=sweep),
            self.core(**options),
            queue,
            adapters,
            clock=self.clock,
            ids=self.store.ids,
        )
        made = relay.open_reader

        def open_reader(start: Start) -> ChangeReader[StoredMessage]:
            reader = made(start)
            reader._wait = wait
            return reader

        relay.open_reader = open_reader
        relay.wait = wait
        return relay

    def following(self, *steps: Step, **options: Any) -> StreamRelay:
        """An instance that takes a step whenever there is nothing new, and then stops."""
        script = Script(list(steps))
        relay = self.stream_relay(script, **options)
        script.end = relay.stop
        return relay

    def follow(self, *steps: Step, **options: Any) -> None:
        """Another instance follows the stream, see `following`."""
        self.following(*steps, **options).run()

    def follow_until_killed(self, *steps: Step) -> None:
        """An instance follows the stream and dies after these steps; its lease stays."""

        def die() -> None:
            assert relay._reader is not None
            relay._reader._lease._lease = None
            raise Killed

        relay = self.following(*steps, die)
        try:
            relay.run()
        except Killed:
            return
        raise AssertionError("it stopped by itself")

    def accepts(self, *ids: str, ordering_key: str = ADA) -> Step:
        """A step that checks what was accepted until then."""

        def check() -> None:
            assert self.destination.ids(ordering_key) == list(ids)

        return check

    def passes(self, seconds: float) -> Step:
        """A step in which time passes."""
        return lambda: self.clock.advance(seconds)

    def steal_the_stream(self) -> None:
        """An instance whose clock is ahead takes the stream over, and then does nothing."""
        ahead = self.clock.now() + timedelta(seconds=STREAM_LEASE)
        until = ahead + timedelta(seconds=STREAM_LEASE)
        assert self.adapters.checkpoints.take(SUBSCRIPTION, "another", ahead, until)

    def hold(self, ordering_key: str) -> None:
        """Another relay takes a key, and does nothing with it."""
        now = self.clock.now()
        until = now + timedelta(seconds=KEY_LEASE)
        assert isinstance(self.queue.queue.take(ordering_key, "another", now, until), KeyLease)

    def give_up(self, *ids: str, ordering_key: str = ADA) -> None:
        """Dead-letters pending messages, with a relay that tries once."""
        self.destination.refusals |= dict.fromkeys(ids, ALWAYS)
        self.core(attempts=1).work([PendingKey(ordering_key, frozenset(ids))])
        for id_ in ids:
            assert outbox_of(self.store).get(key(id_, ordering_key)).value.dead_lettered_at
            del self.destination.refusals[id_]


def relaying(store: Store) -> Relaying:
    """The relays of an empty store."""
    clock, trouble = FakeClock(), Trouble()
    checkpoints, changes = _feed(store, clock)
    came: list[str] = []
    adapters = TroubledAdapters(
        TroubledCheckpoints(checkpoints, trouble),
        lambda: TroubledSource(changes(), trouble, came),
    )
    return Relaying(
        store=store,
        clock=clock,
        trouble=trouble,
        queue=WatchedQueue(queue_of(store), trouble),
        adapters=adapters,
        came=came,
    )


def _feed(
    store: Store, clock: FakeClock
) -> tuple[CheckpointTable, Callable[[], ChangeSource[StoredMessage]]]:
    if isinstance(store.provider, MemoryProvider):
        database = store.provider.database
        return MemoryCheckpointTable(), lambda: MemoryChanges(database, OUTBOX, message_of)
    # A client that is watched has the real one inside.
    client: Client = getattr(store.gateway._client, "client", store.gateway._client)
    streams = Gateway(streams_client_of(client.meta.endpoint_url), store.meter, store.gateway.retry)
    stream = TableStream(store.table(OUTBOX), store.gateway, streams)
    checkpoints = DynamoDBCheckpointTable(store.gateway, store.table(CHECKPOINTS))
    return checkpoints, lambda: TableChanges(stream, clock, message_of_image)


def troubles(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the log tells that went wrong."""
    return [line["event"] for line in lines if line["log_level"] != "info"]
