"""What a subscription costs: the requests that it sends, on a stream of two shards."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from threading import Event

import pytest

from application.ports.subscriptions import Start
from infrastructure.metering import Usage
from tests.stores import Store
from tests.subscription.subscribing import LEASE, subscribing
from tests.subscription.world import World


@pytest.fixture
def world() -> World:
    return World(seed=1, partitions=2)


def test_an_idle_look_costs_one_request_a_shard(world: World) -> None:
    looks: list[int] = []

    def wait(stopping: Event, seconds: float) -> None:
        looks.append(len(world.stream.requests))
        if len(looks) == 5:
            stopping.set()

    with world.open(wait=wait) as subscription:
        assert list(subscription) == []

    assert [later - earlier for earlier, later in pairwise(looks)] == [2] * 4
    assert world.stream.requests[looks[0] :] == ["GetRecords"] * 8


def test_shards_are_listed_again_where_the_clock_has_stepped_back(world: World) -> None:
    listings: list[int] = []

    def wait(stopping: Event, seconds: float) -> None:
        listings.append(world.stream.requests.count("DescribeStream"))
        world.clock.advance(-3600.0)
        if len(listings) == 3:
            stopping.set()

    with world.open(wait=wait) as subscription:
        assert list(subscription) == []

    assert [later - earlier for earlier, later in pairwise(listings)] == [1, 1]


def test_going_on_costs_two_descriptions_and_an_iterator_a_shard(world: World) -> None:
    world.read_to_the_end()
    world.commit("a", 1)
    world.table.publish(1)
    world.stream.requests.clear()

    world.read_to_the_end()

    requests = Counter(world.stream.requests)
    del requests["GetRecords"]
    assert requests == {"DescribeTable": 1, "DescribeStream": 1, "GetShardIterator": 2}


def test_a_page_of_records_costs_one_write_that_renews_the_lease_too(world: World) -> None:
    world.read_to_the_end()
    for _ in range(2):
        world.commit("a", 50)
    world.table.publish(100)
    stored_after: list[int] = []
    with world.open() as subscription:
        given = 0
        world.checkpoints.on_store = lambda: stored_after.append(given)
        for _ in subscription:
            given += 1
            world.clock.advance(LEASE / 1000)

    # The first write is the lease's; pages are of fifty records; the last one is closing.
    assert given == 100
    assert Counter(stored_after)[50] == 1
    assert set(stored_after) == {50, 100}


def test_records_that_come_in_order_need_no_read_of_the_table(world: World) -> None:
    world.read_to_the_end()
    for _ in range(30):
        world.commit("a", 1)
        world.commit("b", 1)
    world.table.publish(60)
    world.stream.requests.clear()

    world.read_to_the_end()

    assert "Scan" not in world.stream.requests
    assert world.gaps.count == 0


@pytest.mark.engine
def test_taking_over_and_closing_cost_a_write_each(ministack_store: Store) -> None:
    events = subscribing(ministack_store)
    events.commit("a", 3)
    assert len(events.read()) == 3

    with ministack_store.meter.measure() as opening:
        subscription = events.subscribe()
    with ministack_store.meter.measure() as closing:
        subscription.close()

    assert (closing.requests, closing.write_units) == (1, 1)
    assert opening.write_units == 1
    # The lease, the table, the stream; iterators are asked for when they are needed.
    assert opening.requests == 3


@pytest.mark.engine
def test_waiting_for_a_lease_costs_one_request_a_look(ministack_store: Store) -> None:
    events = subscribing(ministack_store)
    usage: list[Usage] = []

    def wait(stopping: Event, seconds: float) -> None:
        assert seconds == LEASE / 10
        if len(usage) == 3:
            stopping.set()
        usage.append(Usage(requests=measured.requests))

    with (
        events.subscribe(),
        ministack_store.meter.measure() as measured,
        events.subscribe(start=Start.CHECKPOINT, wait=wait) as second,
    ):
        assert list(second) == []

    looks = [each.requests for each in usage]
    assert [later - earlier for earlier, later in pairwise(looks)] == [1] * 3
