"""A simulated outbox and what happens to it, step by step, by chance: one thread at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from attrs import define, evolve, field

from application.ports.outbox import MessageKey
from tests.relay.lagging import Lag
from tests.relay.providers import in_memory
from tests.relay.relays import Chances
from tests.relay.virtual_time import VirtualTime
from tests.relay.world import OPTIONS, World, ids

ROUGH = Chances(
    die=0.012,
    stall=0.03,
    fail=0.06,
    fail_all=0.05,
    out=0.03,
    not_sent=0.1,
    fault=0.03,
    latency=0.01,
    call=0.05,
)
CALM = Chances(fail=0.1, fail_all=0.05, out=0.03, not_sent=0.1, latency=0.01, call=0.05)
KEYS = 3


@define
class Service:
    """Adds messages now and then: in order, late, and those of aggregates that began again."""

    world: World
    steps: int
    random: Random = field(init=False)
    _versions: dict[str, int] = field(factory=dict)
    _numbers: int = 0

    def __attrs_post_init__(self) -> None:
        self.random = Random(f"{self.world.seed} service")
        self.world.is_complete = False

    def run(self) -> None:
        try:
            for _ in range(self.steps):
                self._step(f"key-{self.random.randrange(KEYS)}")
                self.world.time.sleep(self.random.expovariate(10))
        finally:
            self.world.is_complete = True

    def _step(self, key: str) -> None:
        match self.random.choices(
            ("in order", "late", "begins again", "mark", "increment", "retry"),
            (55, 8, 8, 4, 4, 6),
        )[0]:
            case "in order":
                self._in_order(key)
            case "late":
                self._late(key)
            case "begins again":
                self._versions[key] = 0
                self._in_order(key)
            case "mark":
                self._mark()
            case "increment":
                self._upon_one(lambda key: self.world.outbox.increment_retry(key, "by hand"))
            case _:
                self._retry()

    def _in_order(self, key: str) -> None:
        version, count = self._versions.get(key, 0) + 1, self.random.randint(1, 8)
        self._versions[key] = version + count - 1
        self._add(key, ids(version, count))

    def _late(self, key: str) -> None:
        version = self.random.randint(1, self._versions.get(key, 1))
        self._add(key, ids(version, 1))

    def _add(self, key: str, message_ids: Sequence[str]) -> None:
        self._numbers += 1
        added = self.world.add(key, *[f"{id_}-{self._numbers:06}" for id_ in message_ids])
        if self.random.random() < 0.1:
            self.world.poison.add(self.random.choice(added))

    def _mark(self) -> None:
        def mark(key: MessageKey) -> None:
            self.world.account.marked.add(key)
            self.world.outbox.mark_as_published(key)

        self._upon_one(mark)

    def _retry(self) -> None:
        for letter in self.world.outbox.dead_letters(100).value:
            self.world.outbox.retry(letter.key)
            if self.random.random() < 0.5:
                self.world.poison.discard(letter.key)

    def _upon_one(self, act: Callable[[MessageKey], object]) -> None:
        if self.world.account.added:
            act(self.random.choice(list(self.world.account.added)))


def lives(
    seed: int,
    *,
    chances: Chances = ROUGH,
    lag: float | None = None,
    steps: int = 16,
    ahead: Sequence[float] = (),
) -> World:
    """A service, those who look after it, and three relays, until nothing is pending."""
    time = VirtualTime(one_at_a_time=True)
    random = Random(f"{seed} lag")
    outboxes = in_memory(time, None if lag is None else Lag(time, random, lag))
    options = evolve(
        OPTIONS, batch_size=random.randint(1, 6), keys_at_once=random.randint(1, 5), attempts=4
    )
    world = World(outboxes, time, seed, chances, options, ahead=ahead)
    world.run(3, Service(world, steps).run)
    return world
