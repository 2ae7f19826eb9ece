"""A relay that is interrupted, or gets nowhere, leaves as little behind as can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from attrs import define, evolve

from application.errors import Unreachable
from application.ports.outbox import OutboxMessage
from application.ports.publisher import Outcome
from application.relay import Relay
from infrastructure.messaging.local import MemoryPublisher
from tests.relay.account import MARGIN
from tests.relay.providers import in_memory
from tests.relay.relays import Chances, HookedQueue, Life
from tests.relay.virtual_time import VirtualTime
from tests.relay.world import DESTINATIONS, OPTIONS, World, ids

KEYS = 5
MESSAGES = 3


class Interrupted(BaseException):
    """Comes from outside, as an interrupt of the keyboard does."""


@define
class Countdown:
    """Raises once, after so many calls."""

    left: int
    error: BaseException

    def __call__(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise self.error


class TroubledPublisher(MemoryPublisher):
    """Something happens before messages are published."""

    def __init__(self, on_publish: Callable[[], None]) -> None:
        super().__init__()
        self._on_publish = on_publish

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        self._on_publish()
        return super().publish(messages)


@pytest.fixture
def world() -> World:
    """Some messages of a few keys, in memory."""
    time = VirtualTime()
    world = World(in_memory(time), time, seed=1, chances=Chances())
    for number in range(KEYS):
        world.add(f"key-{number}", *ids(1, MESSAGES))
    return world


def queue(world: World) -> HookedQueue:
    life = Life("relay", world.time, Random(1), Chances(), world.account)
    return HookedQueue(world.outboxes.queue(life), life)


def relay(
    world: World, queue: HookedQueue, publisher: MemoryPublisher, lease: float | None = None
) -> Relay:
    publishers = dict.fromkeys(DESTINATIONS, publisher)
    options = OPTIONS if lease is None else evolve(OPTIONS, lease_seconds=lease)
    return Relay(queue, publishers, world.time, "relay", options, sleep=world.time.sleep)


@pytest.mark.parametrize("acknowledged", range(KEYS))
def test_one_acknowledgement_is_interrupted_and_the_others_are_stored(
    world: World, acknowledged: int
) -> None:
    interrupted = queue(world)
    interrupted.on_acknowledge = Countdown(acknowledged, Interrupted())
    publisher = MemoryPublisher()

    with pytest.raises(Interrupted):
        relay(world, interrupted, publisher).work(interrupted.pending())

    assert len(publisher.published) == KEYS * MESSAGES
    assert world.pending() == MESSAGES


@pytest.mark.parametrize("calls", range(6))
def test_what_was_published_before_an_interruption_is_marked(world: World, calls: int) -> None:
    healthy = queue(world)
    publisher = TroubledPublisher(Countdown(calls, Interrupted()))

    with pytest.raises(Interrupted):
        relay(world, healthy, publisher).work(healthy.pending())

    assert world.pending() == KEYS * MESSAGES - len(publisher.published)


def test_keys_are_given_back_where_the_store_fails(world: World) -> None:
    failing, others = queue(world), queue(world)
    failing.on_take = Countdown(3, Unreachable(operation="UpdateItem"))
    with pytest.raises(Unreachable):
        relay(world, failing, MemoryPublisher()).work(failing.pending())

    report = relay(world, others, MemoryPublisher()).work(others.pending())

    assert (report.published, report.busy) == (KEYS * MESSAGES, 0)


def test_lease_that_is_too_short_to_send_anything_is_not_taken_again_and_again(
    world: World,
) -> None:
    takes: list[None] = []
    slow = queue(world)

    def take() -> None:
        takes.append(None)
        world.time.sleep(0.01)

    slow.on_take = take
    publisher = MemoryPublisher()
    hardly_longer = publisher.timeout + MARGIN + 0.001

    report = relay(world, slow, publisher, hardly_longer).work(slow.pending())

    assert (len(takes), report.busy) == (KEYS, KEYS)
    assert publisher.published == []
