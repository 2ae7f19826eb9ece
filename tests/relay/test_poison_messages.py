"""Messages that no publisher takes: given up after so many attempts, in nobody's way."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from attrs import evolve

from application.ports.outbox import MessageKey
from infrastructure.engines import LocalEngine
from tests.relay.providers import Outboxes, in_memory, on_dynamodb
from tests.relay.relays import Chances
from tests.relay.virtual_time import START, VirtualTime
from tests.relay.world import OPTIONS, POLL, World, ids
from tests.stores import client_of, dynamodb_store

KEYS = 12
MESSAGES = 6
ATTEMPTS = 3
PAUSES = {1: 1.0, 2: 2.0, 3: 4.0}

# One whole key, and the first, one in the middle, two in a row and the last one of others.
POISON = {
    "key-0": ids(1, MESSAGES),
    "key-1": ids(1, 1),
    "key-2": ids(3, 1),
    "key-3": ids(3, 2),
    "key-4": ids(MESSAGES, 1),
}


PROVIDERS = ["memory", pytest.param("ministack", marks=pytest.mark.engine)]


@pytest.fixture(params=PROVIDERS)
def fresh_world(request: pytest.FixtureRequest) -> World:
    """Relays had all the time they needed for an outbox of healthy keys and of some with poison."""
    return worked_through(request)


@pytest.fixture(params=PROVIDERS, scope="module")
def world(request: pytest.FixtureRequest) -> World:
    """The same, for tests that only look."""
    return worked_through(request)


def worked_through(request: pytest.FixtureRequest) -> World:
    time = VirtualTime(one_at_a_time=True)
    outboxes: Outboxes = in_memory(time)
    if request.param == "ministack":
        engine: LocalEngine = request.getfixturevalue("ministack")
        outboxes = on_dynamodb(time, dynamodb_store("ministack", client_of(engine.endpoint_url)))
    options = evolve(OPTIONS, attempts=ATTEMPTS, backoff=PAUSES.__getitem__)
    world = World(outboxes, time, seed=1, chances=Chances(latency=0.01), options=options)
    for number in range(KEYS):
        world.add(f"key-{number}", *ids(1, MESSAGES))
    world.poison = {MessageKey(key, id_) for key, poison in POISON.items() for id_ in poison}
    world.run(3)
    assert world.failures() == []
    return world


def test_every_other_message_is_published_at_once_and_in_order(world: World) -> None:
    assert world.failures() == []
    sequences = world.account.sequences()
    for number in range(KEYS):
        key = f"key-{number}"
        others = [id_ for id_ in ids(1, MESSAGES) if id_ not in POISON.get(key, ())]
        assert sequences.get(key, []) == others
    healthy = [a for a in world.account.attempts if a.message.ordering_key not in POISON]
    assert max(attempt.start for attempt in healthy) < START + timedelta(seconds=PAUSES[1])


def test_poison_is_given_up_after_so_many_attempts_with_its_last_error(world: World) -> None:
    assert world.account.dead == Counter(world.poison)
    for key in world.poison:
        message = world.outbox.get(key).value
        assert len(starts(world, key)) == message.retry_count == ATTEMPTS
        assert message.last_error == "refused"
        assert message.dead_lettered_at is not None
    statistics = world.outbox.statistics().value
    assert (statistics.pending, statistics.dead_lettered) == (0, len(world.poison))
    assert {letter.key for letter in world.outbox.dead_letters(100).value} == world.poison


def test_pauses_between_attempts_grow_and_begin_anew_with_each_message(world: World) -> None:
    for key in world.poison:
        pauses = [
            (after - before).total_seconds() for before, after in pairwise(starts(world, key))
        ]
        assert len(pauses) == ATTEMPTS - 1
        for failure, pause in enumerate(pauses, 1):
            assert PAUSES[failure] <= pause < PAUSES[failure] + 2 * POLL


def test_messages_behind_poison_wait_until_it_is_given_up_and_no_longer(world: World) -> None:
    (behind,) = starts(world, MessageKey("key-1", ids(2, 1)[0]))
    given_up = starts(world, MessageKey("key-1", ids(1, 1)[0]))[-1]
    assert timedelta() < behind - given_up < timedelta(seconds=POLL)


def test_dead_letters_that_are_sent_again_are_published_out_of_order(fresh_world: World) -> None:
    fresh_world.poison.clear()
    letters = fresh_world.outbox.dead_letters(100).value
    for letter in letters:
        fresh_world.outbox.retry(letter.key)

    fresh_world.run(3)

    assert fresh_world.failures() == []
    assert {letter.key for letter in letters} <= fresh_world.account.published
    sequences = fresh_world.account.sequences()
    assert sequences["key-0"] == list(ids(1, MESSAGES))
    assert sequences["key-3"] == [*ids(1, 2), *ids(5, 2), *ids(3, 2)]
    statistics = fresh_world.outbox.statistics(count_published=True).value
    assert (statistics.dead_lettered, statistics.published) == (0, KEYS * MESSAGES)


def test_dead_letters_that_are_sent_again_and_poison_still_are_given_up_again(
    fresh_world: World,
) -> None:
    for key in fresh_world.poison:
        fresh_world.outbox.retry(key)

    fresh_world.run(3)

    assert fresh_world.failures() == []
    assert fresh_world.account.dead == Counter(dict.fromkeys(fresh_world.poison, 2))
    assert {len(starts(fresh_world, key)) for key in fresh_world.poison} == {2 * ATTEMPTS}


def starts(world: World, key: MessageKey) -> list[datetime]:
    """When it was tried."""
    return [attempt.start for attempt in world.account.attempts if attempt.message == key]
