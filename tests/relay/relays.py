"""Relays that stall and die, what they work through and what they publish to, all watched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from random import Random

from attrs import define, field, frozen

from application.errors import CommitOutcomeUnknown, StorageError, Throttled, Unreachable
from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.publisher import Accepted, Failed, NotSent, Outcome, Unavailable
from application.ports.relay_queue import Acknowledgement, Busy, KeyLease, PendingKey, RelayQueue
from application.ports.transaction import Transaction
from domain.errors import DynastrataError
from infrastructure.outbox.table import key_of
from tests.relay.account import TIMEOUT, Account, Attempt, Batch
from tests.relay.virtual_time import VirtualTime

LEASE = 1.5
MAX_MESSAGES = 3
"""How many messages a publisher takes at once: fewer than relays have keys at once."""


class Killed(BaseException):
    """The process of a relay ends here, without another word."""


@frozen(kw_only=True)
class Chances:
    """How likely things go wrong, each time they can.

    `die` at each step of a relay, `stall` at each call of a publisher and each acknowledgement,
    `fault` at each write; `fail` each message that is sent, `fail_all` a whole request, which may
    begin an outage, too, `out`. `latency` is what a request to the store takes at most, and `grid`
    what every wait is a multiple of, in seconds.
    """

    die: float = 0.0
    stall: float = 0.0
    fail: float = 0.0
    fail_all: float = 0.0
    out: float = 0.0
    not_sent: float = 0.0
    fault: float = 0.0
    latency: float = 0.0
    call: float = 0.02
    grid: float | None = None


@define(eq=False)
class Life:
    """One relay from its start to its death. Dead, it does nothing any more."""

    name: str
    time: VirtualTime
    random: Random
    chances: Chances
    account: Account
    batches: dict[str, Batch] = field(factory=dict)
    shown: dict[str, frozenset[str]] = field(factory=dict)
    out_until: float = 0.0

    def step(self, point: str) -> None:
        """A moment at which it may die."""
        if self.name in self.account.deaths:
            raise Killed(point)
        if self._happens(self.chances.die):
            self.account.deaths.add(self.name)
            self.account.kills[point] += 1
            raise Killed(point)

    def stall(self) -> None:
        """A moment at which it may stand still, often for longer than its leases last."""
        if self._happens(self.chances.stall):
            self.account.stalls += 1
            self.wait(self.random.uniform(0.3, 2.0) * LEASE)

    def wait(self, seconds: float) -> None:
        """Some time passes for this one."""
        grid = self.chances.grid
        self.time.sleep(seconds if grid is None else max(1, round(seconds / grid)) * grid)

    def request(self) -> None:
        """What a request to the store takes."""
        if self.chances.latency:
            self.wait(self.random.random() * self.chances.latency)

    def fault(self) -> StorageError | CommitOutcomeUnknown | None:
        """How a write fails, if it does."""
        if not self._happens(self.chances.fault):
            return None
        self.account.faults += 1
        if self.random.random() < 0.3:
            return Throttled(operation="test")
        return CommitOutcomeUnknown("test")

    def outcomes(self, count: int, is_poison: Callable[[int], bool]) -> list[Outcome]:
        """What becomes of so many messages of one request."""
        if self._is_out():
            return [Unavailable("no connection")] * count
        if self._happens(self.chances.fail_all):
            return [Failed("the request failed")] * count
        room = self.random.randint(1, count) if self._happens(self.chances.not_sent) else count
        sent: list[Outcome] = [
            Failed("refused")
            if is_poison(place) or self._happens(self.chances.fail)
            else Accepted()
            for place in range(room)
        ]
        return [*sent, *[NotSent()] * (count - room)]

    def _is_out(self) -> bool:
        """Whether this one cannot reach any destination; such an outage may begin just now."""
        if self.time.passed >= self.out_until and self._happens(self.chances.out):
            self.out_until = self.time.passed + self.random.uniform(0.0, 3.0)
            self.account.outages += 1
        return self.time.passed < self.out_until

    def _happens(self, chance: float) -> bool:
        return self.random.random() < chance


@define
class WatchedQueue:
    """Implements `RelayQueue`: another one, as one relay uses it."""

    queue: RelayQueue
    life: Life

    def pending(self) -> Iterator[PendingKey]:
        self.life.step("looking")
        self.life.shown.clear()
        for pending in self.queue.pending():
            self.life.shown[pending.ordering_key] = pending.message_ids
            yield pending

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        life = self.life
        life.step("taking")
        life.request()
        lease = self.queue.take(ordering_key, owner, now, until)
        if isinstance(lease, KeyLease):
            shown = life.shown.get(ordering_key, frozenset())
            life.batches[ordering_key] = Batch(life.name, lease, shown)
        if life.fault():
            raise Unreachable(operation="test", maybe_applied=True)
        return lease

    def read(self, lease: KeyLease, seen: Collection[str], limit: int) -> list[StoredMessage]:
        life = self.life
        life.step("reading")
        life.batches[lease.name].read_at = life.time.now()
        messages = self.queue.read(lease, seen, limit)
        life.request()
        return messages

    def acknowledge(self, acknowledgement: Acknowledgement) -> Transaction:
        return WatchedTransaction(
            self.queue.acknowledge(acknowledgement), acknowledgement, self.life
        )


@define
class HookedQueue(WatchedQueue):
    """A queue at which something happens before it is taken from, and before acknowledgements."""

    on_take: Callable[[], None] = lambda: None
    on_acknowledge: Callable[[], None] = lambda: None

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        self.on_take()
        return super().take(ordering_key, owner, now, until)

    def acknowledge(self, acknowledgement: Acknowledgement) -> Transaction:
        self.on_acknowledge()
        return super().acknowledge(acknowledgement)


@define
class WatchedTransaction:
    """Implements `Transaction`: another one, as one relay commits it."""

    transaction: Transaction
    acknowledgement: Acknowledgement
    life: Life

    def commit(self) -> None:
        life = self.life
        batch = life.batches[self.acknowledgement.lease.name]
        assert batch.lease == self.acknowledgement.lease
        life.step("before acknowledging")
        life.stall()
        life.request()
        try:
            self._send(batch)
        except DynastrataError:
            batch.refused_at = life.time.now()
            raise
        life.step("after acknowledging")

    def _send(self, batch: Batch) -> None:
        fault = self.life.fault()
        is_sent = fault is None or (
            isinstance(fault, CommitOutcomeUnknown) and self.life.random.random() < 0.5
        )
        if is_sent:
            self.transaction.commit()
            if batch.acknowledged_at is None:
                self.life.account.acknowledged(batch, self.acknowledgement, self.life.time.now())
        if fault is not None:
            raise fault


@define
class FlakyPublisher:
    """Implements `Publisher`: what is accepted is in the account, in the order of acceptance."""

    life: Life
    poison: Collection[MessageKey] = ()
    timeout: float = TIMEOUT
    max_messages: int = MAX_MESSAGES
    is_available: bool = True

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        life = self.life
        life.step("before publishing")
        keys = [key_of(message) for message in messages]
        outcomes = life.outcomes(len(keys), lambda place: keys[place] in self.poison)
        attempts = [
            None if isinstance(outcome, NotSent) else self._attempt(key)
            for key, outcome in zip(keys, outcomes, strict=True)
        ]
        try:
            life.wait(life.random.random() * life.chances.call)
            life.stall()
            life.step("while publishing")
            for attempt, outcome in zip(attempts, outcomes, strict=True):
                if attempt is not None:
                    attempt.has_failed = isinstance(outcome, Failed)
                    is_accepted = isinstance(outcome, Accepted)
                    attempt.accepted_at = life.time.now() if is_accepted else None
            life.wait(life.random.random() * life.chances.call)
            life.stall()
        finally:
            for attempt in attempts:
                if attempt is not None:
                    attempt.end = life.time.now()
        life.step("after publishing")
        return outcomes

    def _attempt(self, message: MessageKey) -> Attempt:
        life = self.life
        attempt = Attempt(message, life.batches[message.ordering_key], life.time.now())
        life.account.attempts.append(attempt)
        return attempt
