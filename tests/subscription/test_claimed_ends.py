"""Open shards of which it is said that they have ended: no request in vain, and nothing lost."""

from __future__ import annotations

from itertools import pairwise
from threading import Event

import pytest
from attrs import evolve

from application.ports.subscriptions import Start
from tests.subscription.lives import lives
from tests.subscription.simulated_stream import CALM, ROUGH, Chances
from tests.subscription.world import World

CLAIMS = {
    "listed with a last number": {"listed_ends": True},
    "no iterator after the newest record": {"unfollowed": True},
    "both": {"listed_ends": True, "unfollowed": True},
}
LOOKS = 30
ANY_START = pytest.mark.parametrize("start", Start)


@pytest.fixture(params=list(CLAIMS.values()), ids=list(CLAIMS))
def chances(request: pytest.FixtureRequest) -> Chances:
    return evolve(CALM, **request.param)


def world_of(chances: Chances, start: Start, partitions: int = 2) -> World:
    """A world in which open shards make these claims: for a checkpoint, from now on."""
    world = World(seed=1, partitions=partitions)
    if start is Start.CHECKPOINT:
        for stream in "abcd":
            world.commit(stream, 2)
        world.table.publish(8)
        world.read_to_the_end()
    world.stream.chances = chances
    world.stream.requests.clear()
    return world


@ANY_START
def test_an_idle_look_costs_a_few_requests_a_shard(chances: Chances, start: Start) -> None:
    world = world_of(chances, start)
    looks: list[int] = []

    def wait(stopping: Event, seconds: float) -> None:
        looks.append(len(world.stream.requests))
        if len(looks) == LOOKS:
            stopping.set()

    with world.open(start, wait=wait) as subscription:
        assert list(subscription) == []

    requests = [later - earlier for earlier, later in pairwise(looks)]
    # Of each of the two shards an iterator and its records, and the list of shards.
    assert max(requests[1:]) <= 2 * 2 + 1


@ANY_START
def test_a_page_of_records_is_followed_by_a_few_looks_in_vain(
    chances: Chances, start: Start
) -> None:
    world = world_of(chances, start, partitions=1)
    looks: list[int] = []

    def wait(stopping: Event, seconds: float) -> None:
        looks.append(len(world.stream.requests))
        world.commit("a", 1)
        world.table.publish(1)
        if len(looks) == LOOKS:
            stopping.set()

    with world.open(start, wait=wait) as subscription:
        for event in subscription:
            world.deliver(event)

    assert len(world.delivered) >= LOOKS - 2
    assert (looks[-1] - looks[0]) / LOOKS <= 15


@ANY_START
def test_what_comes_after_the_claim_is_not_lost(chances: Chances, start: Start) -> None:
    world = world_of(chances, start)
    with world.open(start) as subscription:
        for _ in range(5):
            for stream in "abcd":
                world.commit(stream, 2)
            world.table.publish(8)
            assert world.read(subscription, 8)
            world.clock.advance(3600)

    assert world.failures() == []
    assert len(world.delivered) == len(set(world.delivered))


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("seed", range(5))
def test_subscribers_that_die_lose_nothing(claim: dict[str, bool], seed: int) -> None:
    world = World(seed, chances=evolve(ROUGH, **claim), listings_late=3)

    assert lives(seed, world=world).failures() == []
