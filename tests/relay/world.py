"""An outbox, relays that live one after the other at several places, and their account."""

from __future__ import annotations

import random as global_random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from random import Random
from time import monotonic

from attrs import define, field

from application.errors import StorageError
from application.ports.outbox import MessageKey, OutboxMessage
from application.relay import Relay, RelayOptions
from infrastructure.messaging.guarded_publisher import GuardedPublisher
from infrastructure.outbox.store import TableOutbox
from infrastructure.system.breakers import Breaker, BreakerOptions
from tests.relay.account import DIED, MARGIN, OUTLIVED, Account
from tests.relay.providers import Outboxes
from tests.relay.relays import LEASE, Chances, FlakyPublisher, Killed, Life, WatchedQueue
from tests.relay.virtual_time import OffClock, VirtualTime

DESTINATIONS = ("billing", "shipping")
POLL = 0.5
PATIENCE = 20.0
"""Seconds without news after which what is still pending is taken for lost."""

OPTIONS = RelayOptions(
    lease_seconds=LEASE,
    margin_seconds=MARGIN,
    batch_size=5,
    keys_at_once=7,
    attempts=6,
    backoff=lambda failures: 0.25 * 2.0 ** (failures - 1),
)


@define
class World:
    """Messages are added, marked and sent again by whoever has the world; relays see to the rest.

    `ahead` is by how many seconds the clocks at the places are ahead, those not named by none.
    `poison` are messages that no publisher accepts. `is_complete` says that nothing is added any
    more: relays go on until nothing is pending.
    """

    outboxes: Outboxes
    time: VirtualTime
    seed: int
    chances: Chances
    options: RelayOptions = OPTIONS
    poison: set[MessageKey] = field(factory=set)
    account: Account = field(factory=Account)
    is_complete: bool = True
    ahead: Sequence[float] = ()
    seconds: float = 0.0
    _begun: float = 0.0
    random: Random = field(init=False)
    outbox: TableOutbox = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)
        self.outbox = self.outboxes.outbox()
        # Pages of pending keys are shuffled.
        global_random.seed(self.seed)

    # What the service and those who look after it do.

    def add(self, ordering_key: str, *message_ids: str) -> list[MessageKey]:
        """Messages in one transaction."""
        messages = [
            OutboxMessage(
                message_type="Noted",
                destination=self.random.choice(DESTINATIONS),
                ordering_key=ordering_key,
                payload=b"{}",
                created_at=self.time.now(),
                message_id=message_id,
            )
            for message_id in message_ids
        ]
        return self.add_all(messages)

    def add_all(self, messages: Iterable[OutboxMessage]) -> list[MessageKey]:
        keys = self.outbox.add_many(messages).value
        for key in keys:
            self.account.added.setdefault(key, self.time.now())
        return keys

    def pending(self) -> int:
        return self.outbox.statistics().value.pending

    # What relays do.

    def run(self, relays: int, *others: Callable[[], None]) -> None:
        """Relays at so many places, and others, until nothing is pending, or nothing comes."""
        started = monotonic()
        self._begun = self.time.passed
        places = [self._place(number) for number in range(relays)]
        self.time.run(*places, *others)
        self.seconds += monotonic() - started

    def failures(self) -> list[str]:
        """What was promised and not kept."""
        statistics = self.outbox.statistics().value
        wrong = list(self.account.failures())
        if statistics.pending:
            wrong.append(f"pending: {statistics.pending}")
        return wrong

    def figures(self, what: str) -> str:
        """Everything in one line."""
        account, repeats = self.account, self.account.repeats()
        statistics = self.outbox.statistics().value
        return (
            f"{what} on {self.outboxes.name}: {len(account.added)} messages, "
            f"{len(account.published)} published, {statistics.dead_lettered} dead letters, "
            f"{statistics.pending} pending; {repeats.total()} repeats ({repeats[DIED]} by death, "
            f"{repeats[OUTLIVED]} by an outlived lease); {account.failed_attempts()} failures, "
            f"{account.faults} faults of the store, {account.stalls} stalls, "
            f"{account.kills.total()} kills, {account.lives} lives; {self.seconds:.1f} s "
            f"({self.time.passed:.0f} s of virtual time), {self.outboxes.requests} requests"
        )

    def _place(self, number: int) -> Callable[[], None]:
        random = Random(f"{self.seed} {number}")
        clock = OffClock(self.time, self.ahead[number] if number < len(self.ahead) else 0.0)

        def live() -> None:
            lives, is_over = 0, False
            while not is_over:
                lives += 1
                is_over = self._live(f"relay-{number}.{lives}", random, clock)

        return live

    def _live(self, name: str, random: Random, clock: OffClock) -> bool:
        """One relay until its death, or until nothing is left to do; whether that is so."""
        self.account.lives += 1
        life = Life(name, self.time, random, self.chances, self.account)
        queue = WatchedQueue(self.outboxes.queue(life), life)
        flaky = FlakyPublisher(life, self.poison)
        publishers = {name: GuardedPublisher(flaky, self._breaker(name)) for name in DESTINATIONS}
        relay = Relay(queue, publishers, clock, name, self.options, sleep=life.wait)
        try:
            return self._work(relay, queue, life)
        except Killed:
            return False

    def _breaker(self, name: str) -> Breaker:
        return Breaker(name, BreakerOptions(2, 1.0), lambda: self.time.passed)

    def _work(self, relay: Relay, queue: WatchedQueue, life: Life) -> bool:
        while not self.is_complete or self._is_news:
            with suppress(StorageError):
                relay.work(queue.pending())
            if self.is_complete and not life.shown and self.pending() == 0:
                return True
            life.wait(POLL)
        return True

    @property
    def _is_news(self) -> bool:
        """Whether something was acknowledged lately, or could be."""
        return self.time.passed < max(self._begun, self.account.news) + PATIENCE


def ids(first: int, count: int) -> Sequence[str]:
    """Ids as the messages of an aggregate's versions have them."""
    return [f"{version:012}-000" for version in range(first, first + count)]
