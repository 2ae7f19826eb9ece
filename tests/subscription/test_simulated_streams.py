"""Subscribers of a stream that does all that a stream may do: nothing lost, order kept."""

from __future__ import annotations

import pytest

from application.ports.subscriptions import Start
from tests.stores import Store
from tests.subscription.lives import lives, one_life
from tests.subscription.simulated_stream import ROUGH
from tests.subscription.world import World

SEEDS = range(10)
"""Twice as many as find every planted bug."""


@pytest.mark.parametrize("seed", SEEDS)
def test_subscribers_that_die_lose_nothing_and_repeat_nothing_that_is_checkpointed(
    seed: int,
) -> None:
    assert lives(seed).failures() == []


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_the_same_holds_where_commits_are_packed_and_not(seed: int) -> None:
    world = World(seed, chances=ROUGH, listings_late=3, mixed=True)

    assert lives(seed, world=world).failures() == []
    assert {"packed", "eventData"} <= {name for item in world.table.items.values() for name in item}


@pytest.mark.parametrize("seed", SEEDS)
def test_one_subscriber_gets_everything_once_while_shards_split_and_merge(seed: int) -> None:
    world = one_life(seed)

    assert world.failures() == []
    assert len(world.delivered) == len(set(world.delivered))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_subscriber_that_remembers_one_stream_gets_everything_in_order(seed: int) -> None:
    assert one_life(seed, remembered=1).failures() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_now_misses_nothing_that_is_committed_after_subscribing(seed: int) -> None:
    world = World(seed, chances=ROUGH, listings_late=3)
    for _ in range(20):
        world.commit()
        world.table.publish(2)
    world.table.split()
    world.clock.advance(3600)
    before, published = dict(world.committed), set(world.table.published)
    with world.open(Start.NOW) as subscription:
        for _ in range(20):
            world.commit()
            world.table.split()
        for event in subscription:
            world.deliver(event)

    given = set(world.delivered)
    assert {key for key in world.table.items if key[1] > before.get(key[0], 0)} <= given
    assert len(world.delivered) == len(given)
    # Of what the stream had given out before, only what belongs to a commit that it had not.
    assert all(world.commit_of(key) - published for key in given & published)


@pytest.mark.engine
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_holds_where_missing_events_are_read_from_an_engine(
    ministack_store: Store, seed: int
) -> None:
    world = World(seed, chances=ROUGH, listings_late=3, store=ministack_store)

    assert lives(seed, world=world).failures() == []


def test_the_simulation_does_what_it_says() -> None:
    """Otherwise the other tests prove nothing."""
    worlds = [lives(seed) for seed in range(5)]

    requests = {request for world in worlds for request in world.stream.requests}
    assert requests == {
        "DescribeTable",
        "DescribeStream",
        "GetShardIterator",
        "GetRecords",
        "Scan",
    }
    shards = [shard for world in worlds for shard in world.table.shards.values()]
    assert len(shards) > 20
    assert any(shard.is_gone for shard in shards)
    assert sum(world.takeovers for world in worlds) > 20
    assert sum(world.repeats for world in worlds) > 20
    assert sum(world.gaps.count for world in worlds) > 20
