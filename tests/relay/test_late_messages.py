"""Messages whose ids come before what their key has dealt with: late ones, or of a second life."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from attrs import evolve

from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, Failed, Outcome
from application.relay import Relay
from infrastructure.messaging.local import MemoryPublisher
from tests.relay.providers import in_memory
from tests.relay.relays import Chances, HookedQueue, Life
from tests.relay.virtual_time import VirtualTime
from tests.relay.world import DESTINATIONS, OPTIONS, World, ids

LAST = 20
BATCH = 2


class Journal(MemoryPublisher):
    """Writes down what is accepted; a message of this id is refused once."""

    def __init__(self, journal: list[str], refused: str = "") -> None:
        super().__init__()
        self._journal = journal
        self._refused = refused

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        return [self._outcome(message.message_id or "") for message in messages]

    def _outcome(self, message_id: str) -> Outcome:
        if message_id == self._refused:
            self._refused = ""
            return Failed("refused")
        self._journal.append(message_id)
        return Accepted()


@pytest.fixture
def world() -> World:
    """A key of which everything up to a last message is published."""
    time = VirtualTime()
    world = World(in_memory(time), time, seed=1, chances=Chances())
    world.add("ada", *ids(LAST, 1))
    work(world, queue(world, "first"), Journal([]))
    return world


def queue(world: World, name: str) -> HookedQueue:
    life = Life(name, world.time, Random(1), Chances(), world.account)
    return HookedQueue(world.outboxes.queue(life), life)


def work(world: World, queue: HookedQueue, publisher: Journal) -> None:
    publishers = dict.fromkeys(DESTINATIONS, publisher)
    options = evolve(OPTIONS, batch_size=BATCH, backoff=lambda _: 0.0)
    relay = Relay(queue, publishers, world.time, queue.life.name, options, sleep=world.time.sleep)
    relay.work(queue.pending())


def test_all_of_them_come_before_what_lies_behind_the_last_message(world: World) -> None:
    world.add("ada", *ids(1, 3 * BATCH))
    world.add("ada", *ids(LAST + 1, 1))
    journal: list[str] = []

    work(world, queue(world, "relay"), Journal(journal))

    assert journal == [*ids(1, 3 * BATCH), *ids(LAST + 1, 1)]


def test_so_they_do_where_another_relay_fails_between_two_batches(world: World) -> None:
    world.add("ada", *ids(1, 4 * BATCH))
    world.add("ada", *ids(LAST + 1, 1))
    journal: list[str] = []
    interrupted, other = queue(world, "relay"), queue(world, "other")
    takes: list[None] = []

    def before_the_second_batch() -> None:
        takes.append(None)
        if len(takes) == 2:
            work(world, other, Journal(journal, refused=ids(BATCH + 2, 1)[0]))

    interrupted.on_take = before_the_second_batch

    work(world, interrupted, Journal(journal))

    assert journal == [*ids(1, 4 * BATCH), *ids(LAST + 1, 1)]


def test_one_that_fails_keeps_those_behind_it_waiting(world: World) -> None:
    world.add("ada", *ids(1, 2))
    world.add("ada", *ids(LAST + 1, 1))
    journal: list[str] = []
    relay = queue(world, "relay")

    work(world, relay, Journal(journal, refused=ids(2, 1)[0]))
    assert journal == list(ids(1, 1))

    work(world, relay, Journal(journal))
    assert journal == [*ids(1, 2), *ids(LAST + 1, 1)]
