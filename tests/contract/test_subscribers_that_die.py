"""Many events, and subscribers that die at any point: nothing lost, order kept."""

from __future__ import annotations

from random import Random

import pytest

from tests.stores import Store
from tests.subscription.subscribing import Seen, Subscribing, in_order, subscribing

STREAMS = 20
EVENTS = 150
PAGE = 8

# moto takes too long for so many events.
pytestmark = pytest.mark.parametrize(
    "make_store",
    [
        "memory",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ],
    indirect=True,
)


class Readers:
    """Instances that die one after the other, and what they were given.

    `repeated` are events that came again although a checkpoint after them was stored before.
    """

    def __init__(self, events: Subscribing, random: Random) -> None:
        self.delivered: list[Seen] = []
        self.repeated: set[Seen] = set()
        self.lives = 0
        self._checkpointed: set[Seen] = set()
        self._events = events
        self._random = random
        events.checkpoints.on_store = lambda: self._checkpointed.update(self.delivered)

    def live(self, chance_to_die: float = 1 / PAGE) -> None:
        """One reads until it dies, or has nothing to read and dies then."""
        before = set(self._checkpointed)
        subscription = self._events.subscribe()
        for event in subscription:
            self.delivered.append((event.stream.id, event.version))
            if self.delivered[-1] in before:
                self.repeated.add(self.delivered[-1])
            if self._random.random() < chance_to_die:
                break
        self._events.kill(subscription)
        self.lives += 1

    def check(self, events: int) -> None:
        order = in_order(self.delivered)
        assert sum(map(len, order.values())) == events
        assert all(versions == sorted(versions) for versions in order.values())
        assert self.repeated == set()
        assert len(self.delivered) - events <= self.lives * PAGE


def commit_some(events: Subscribing, random: Random, left: int) -> int:
    """A commit of up to eight events to any stream; how many they are."""
    count = min(left, random.randint(1, 8))
    events.commit(f"s{random.randrange(STREAMS)}", count)
    return count


@pytest.mark.parametrize("seed", [1, 2])
def test_every_event_comes_in_order_and_again_only_from_after_the_checkpoint(
    store: Store, seed: int
) -> None:
    events, random = subscribing(store, page_size=PAGE), Random(seed)
    assert events.read() == []
    readers = Readers(events, random)
    left = EVENTS
    while left:
        for _ in range(random.randint(1, PAGE)):
            left -= commit_some(events, random, left) if left else 0
        readers.live()
    readers.live(chance_to_die=0)

    readers.check(EVENTS)
    assert len(readers.delivered) > EVENTS


def test_those_that_die_while_reading_what_is_there_lose_nothing_either(store: Store) -> None:
    events, random = subscribing(store, page_size=PAGE), Random(3)
    # MiniStack's scan sorts numbers as texts, so no version has two digits here.
    for n in range(15):
        events.commit(f"s{n}", 8)
    readers = Readers(events, random)
    for _ in range(10):
        readers.live()
    readers.live(chance_to_die=0)

    readers.check(120)
    assert len(readers.delivered) > 120


def test_a_subscriber_that_lives_gets_nothing_twice(store: Store) -> None:
    events, random = subscribing(store, page_size=PAGE), Random(4)
    left = 100
    while left > 50:
        left -= commit_some(events, random, left)
    delivered: list[Seen] = []
    with events.subscribe() as subscription:
        for event in subscription:
            delivered.append((event.stream.id, event.version))
            left -= commit_some(events, random, left) if left else 0

    assert len(delivered) == len(set(delivered)) == 100
