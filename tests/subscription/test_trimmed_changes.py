"""Changes that are gone from the stream: said so, never passed over; the table has everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from application.errors import ResourceMissing
from application.ports.subscriptions import ChangesTrimmed, Start
from tests.subscription.simulated_table import SimulatedShard
from tests.subscription.world import World

DAY = 24 * 3600


@pytest.fixture
def world() -> World:
    """Ten events were read by way of the stream, ten more are in it."""
    world = World(seed=1, partitions=1)
    world.read_to_the_end()
    commit(world)
    world.read_to_the_end()
    commit(world)
    return world


def commit(world: World) -> None:
    for _ in range(10):
        world.commit("a", 1)
    world.table.publish(10)


def only_shard(world: World) -> SimulatedShard:
    (shard,) = world.table.open_shards()
    return shard


def roll(world: World) -> SimulatedShard:
    """The one open shard closes, and another one goes on."""
    shard = only_shard(world)
    shard.is_closed = True
    world.table.open(shard.id, shard.low, shard.high)
    return shard


def records_went(world: World) -> None:
    world.table.trim(only_shard(world).id, records=15)


def shard_went_unfinished(world: World) -> None:
    world.table.trim(roll(world).id)


def child_went_unread(world: World) -> None:
    world.read_to_the_end()
    world.table.trim(roll(world).id)
    commit(world)
    world.table.trim(roll(world).id)


def beginning_of_a_child_went(world: World) -> None:
    world.read_to_the_end()
    roll(world)
    world.read_to_the_end()
    commit(world)
    world.clock.advance(DAY)
    world.table.trim(only_shard(world).id, records=5)


def stream_was_replaced(world: World) -> None:
    world.stream.arn += "-2"


LOSSES = [
    records_went,
    shard_went_unfinished,
    child_went_unread,
    beginning_of_a_child_went,
    stream_was_replaced,
]


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_changes_are_an_error_that_says_since_when(
    world: World, lose: Callable[[World], None]
) -> None:
    began = world.clock.now() - timedelta(seconds=1)
    lose(world)

    with pytest.raises(ChangesTrimmed) as trimmed:
        world.read_to_the_end()

    assert trimmed.value.table == "events"
    assert began - timedelta(hours=1) <= trimmed.value.since <= world.clock.now()


@pytest.mark.parametrize("lose", LOSSES)
def test_the_beginning_gives_everything_again(world: World, lose: Callable[[World], None]) -> None:
    lose(world)
    world.delivered.clear()

    world.read_to_the_end(Start.BEGINNING)

    assert world.failures() == []


def test_the_error_comes_again_until_someone_begins_anew(world: World) -> None:
    shard_went_unfinished(world)
    for _ in range(2):
        with pytest.raises(ChangesTrimmed):
            world.read_to_the_end()

    world.read_to_the_end(Start.BEGINNING)
    world.commit("a", 1)
    world.read_to_the_end()

    assert world.delivered[-1] == ("Note:a", 21)


def test_a_parent_that_goes_after_it_was_read_is_not_missed(world: World) -> None:
    world.read_to_the_end()
    parent = roll(world)
    commit(world)
    world.read_to_the_end()
    world.table.trim(parent.id)
    commit(world)

    world.read_to_the_end()

    assert world.failures() == []


def test_a_finished_parent_may_go_before_its_child_is_listed(world: World) -> None:
    shard = only_shard(world)
    shard.is_closed = True
    world.read_to_the_end()
    world.table.open(shard.id, shard.low, shard.high)
    commit(world)
    world.table.trim(shard.id)

    world.read_to_the_end()

    assert world.failures() == []


def test_a_quiet_day_is_no_loss(world: World) -> None:
    world.read_to_the_end()
    for _ in range(8):
        world.clock.advance(DAY / 6)
        parent = roll(world)
        world.read_to_the_end()
        world.table.trim(parent.id)
    commit(world)

    world.read_to_the_end()

    assert world.failures() == []


def test_a_stream_that_is_turned_off_is_read_to_its_end_and_then_said_to_be_off(
    world: World,
) -> None:
    only_shard(world).is_closed = True
    world.stream.enabled = False

    with pytest.raises(ResourceMissing):
        world.read_to_the_end()

    assert world.failures() == []


@pytest.mark.parametrize("start", [Start.NOW, Start.BEGINNING])
def test_nothing_begins_where_there_is_no_stream(start: Start) -> None:
    world = World(seed=1)
    world.stream.enabled = False

    with pytest.raises(ResourceMissing):
        world.open(start)
