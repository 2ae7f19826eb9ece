"""Four relays at once in threads, at two thousand messages in memory and a hundred elsewhere.

Publishers fail, wholly and in part, or leave messages over; relays die at any step, and another one
takes their place; they stall for longer than their leases last; writes get lost. The figures, one
line a race: `python -m pytest tests/relay/test_relay_races.py -s`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from attrs import evolve

from application.ports.outbox import MessageKey
from tests.relay.lagging import Lag
from tests.relay.providers import Outboxes, in_memory, on_dynamodb
from tests.relay.relays import Chances
from tests.relay.virtual_time import VirtualTime
from tests.relay.world import World, ids
from tests.stores import client_of, dynamodb_store

pytestmark = pytest.mark.race

RELAYS = 4
MESSAGES = 25
"""Of each key."""

FAILING = Chances(fail=0.02, fail_all=0.02, not_sent=0.05, grid=0.01)
"""All who wait for the same hundredth of a second go on at once."""

ROUGH = evolve(FAILING, die=0.0015, stall=0.015, fault=0.003)
ROUGHER = evolve(FAILING, die=0.008, stall=0.08, fault=0.015)
"""For a fortieth of the messages, so that enough goes wrong."""

LAG = 0.8

MakeOutboxes = Callable[[VirtualTime, Lag | None], Outboxes]

memory = "memory"
ministack = pytest.param("ministack", marks=pytest.mark.engine)
rough_on_memory = pytest.param("memory", 80, ROUGH, id="memory")
rough_on_ministack = pytest.param("ministack", 5, ROUGHER, id="ministack", marks=pytest.mark.engine)
rough_on_dynamodb_local = pytest.param(
    "dynamodb_local", 4, ROUGHER, id="dynamodb_local", marks=pytest.mark.engine
)


@pytest.fixture
def make_outboxes(request: pytest.FixtureRequest) -> MakeOutboxes:
    """Makes an empty outbox, whose index lags or does not."""
    if request.param == memory:
        return in_memory
    engine = request.getfixturevalue(request.param)
    store = dynamodb_store(request.param, client_of(engine.endpoint_url))
    return lambda time, lag: on_dynamodb(time, store, lag)


def race(make_outboxes: MakeOutboxes, chances: Chances, keys: int, lag: float = 0.0) -> World:
    """What came of so many keys' messages, the last message of every fortieth key being poison."""
    time = VirtualTime()
    outboxes = make_outboxes(time, Lag(time, Random(2), lag) if lag else None)
    world = World(outboxes, time, seed=1, chances=chances)
    for number in range(keys):
        *_, last = world.add(f"key-{number}", *ids(1, MESSAGES))
        if number % 40 == 0:
            world.poison.add(last)
    world.run(RELAYS)
    return world


def healthy(world: World) -> set[MessageKey]:
    return set(world.account.added) - world.poison


def check(world: World) -> None:
    """Every promise is kept, and nothing but poison was given up."""
    assert world.failures() == []
    assert world.account.published == healthy(world)
    assert world.account.dead == Counter(world.poison)


@pytest.mark.parametrize(
    ("make_outboxes", "keys", "chances"),
    [rough_on_memory, rough_on_ministack],
    indirect=["make_outboxes"],
)
def test_relays_that_stall_and_die_keep_their_promise(
    make_outboxes: MakeOutboxes, keys: int, chances: Chances
) -> None:
    world = race(make_outboxes, chances, keys)

    print(world.figures("race"))  # noqa: T201
    check(world)
    assert len(world.account.added) == keys * MESSAGES
    assert world.account.repeats().total() > 0
    assert min(world.account.kills.total(), world.account.stalls, world.account.faults) > 0


@pytest.mark.parametrize(
    ("make_outboxes", "keys", "chances"),
    [rough_on_memory, rough_on_ministack, rough_on_dynamodb_local],
    indirect=["make_outboxes"],
)
def test_they_keep_it_where_the_index_lags(
    make_outboxes: MakeOutboxes, keys: int, chances: Chances
) -> None:
    world = race(make_outboxes, chances, keys, lag=LAG)

    print(world.figures(f"race with an index that lags by up to {LAG} s"))  # noqa: T201
    check(world)


@pytest.mark.parametrize("make_outboxes", [memory, ministack], indirect=True)
def test_nothing_is_repeated_where_no_relay_stalls_or_dies(make_outboxes: MakeOutboxes) -> None:
    world = race(make_outboxes, FAILING, keys=10)

    print(world.figures("race without deaths"))  # noqa: T201
    check(world)
    sequences = world.account.sequences().values()
    assert all(sequence == sorted(set(sequence)) for sequence in sequences)
