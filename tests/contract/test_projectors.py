"""What running a projector promises, on every adapter: every event once, whatever happens."""

from __future__ import annotations

from threading import Event

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from application.ports.projection_store import StateDescription
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.projections.projection import SavePolicy
from infrastructure.tagged_events.keys import EventKeys
from tests.projecting import PAST, Projecting, projecting
from tests.stores import Store, on_dynamodb
from tests.tagged_events.following import HOUR
from tests.tagged_events.samples import BOOK, PAGE


@pytest.fixture
def world(store: Store) -> Projecting:
    return projecting(store)


def append(world: Projecting, texts: str, seconds_ago: float = 0.0) -> None:
    """A note for each letter, one after the other."""
    for text in texts:
        world.notes.note(text, BOOK, seconds_ago=seconds_ago)
        world.notes.clock.advance(0.1)


def test_it_folds_every_event_and_stores_what_came_of_it(world: Projecting) -> None:
    append(world, "abc")
    world.notes.clock.advance(PAST)
    world.run()
    found = world.read()
    assert found is not None
    assert (found.state, found.events, found.is_complete) == (world.expected(), 3, True)
    assert found.state.by_tag == {BOOK.value: 3}
    assert found.position is not None
    assert found.position.event_id == "c"


def test_it_follows_what_comes_while_it_runs(world: Projecting) -> None:
    append(world, "a")
    waits = iter(["b", "c", "d"])
    passing = world.passing(6)

    def wait(stopping: Event, seconds: float) -> None:
        append(world, next(waits, ""))
        passing(stopping, seconds)

    world.runner(wait=wait).run()
    assert world.folded == list("abcd")
    assert world.state() == world.expected()


def test_it_goes_on_where_it_was_stopped(world: Projecting) -> None:
    append(world, "ab")
    world.run()
    append(world, "cd")
    world.run()
    assert world.folded == list("abcd")
    assert world.state() == world.expected()


def test_killed_on_the_way_and_resumed_it_has_the_same_state(world: Projecting) -> None:
    world = evolve(world, page_size=2)
    append(world, "abcdefghij")
    for looks in (2, 3, 1, 4):
        world.run_and_die(looks)
    world.run()
    assert world.state() == world.expected()


def test_a_writer_who_is_slow_within_the_window_is_folded_in_order(world: Projecting) -> None:
    world.run()
    world.notes.note("b", BOOK, seconds_ago=1)
    world.notes.note("a", PAGE, seconds_ago=4)
    world.run()
    assert world.folded == ["a", "b"]


def test_a_writer_who_is_slow_far_beyond_the_window_is_told_and_mended(world: Projecting) -> None:
    append(world, "bc")
    world.run()
    world.notes.note("a", PAGE, seconds_ago=HOUR)
    with capture_logs() as logs:
        world.run()
    assert world.folded == list("bcabc")
    assert world.state() == world.expected()
    assert [line["event"] for line in logs] == [
        "event became visible late",
        "projection is rebuilt, for events that became visible late",
    ]


def test_what_became_visible_late_while_nothing_ran_is_mended(world: Projecting) -> None:
    append(world, "bc")
    world.run()
    world.notes.clock.advance(HOUR)
    world.notes.note("a", PAGE, seconds_ago=2 * HOUR)
    world.run()
    assert world.state() == world.expected()


def test_a_rebuild_begins_a_new_generation_and_goes_on_after_it_was_killed(
    world: Projecting,
) -> None:
    world = evolve(world, page_size=2)
    append(world, "bcdefghi")
    world.run()
    world.notes.note("a", PAGE, seconds_ago=HOUR)
    before = world.states.latest("tally", "1")
    for _ in range(4):
        world.run_and_die(3)
    world.run()
    after = world.states.latest("tally", "1")
    assert world.state() == world.expected()
    assert before is not None
    assert after is not None
    assert after.generation == before.generation + 1


def test_an_instance_that_was_left_behind_overwrites_nothing(world: Projecting) -> None:
    append(world, "ab")

    def meanwhile(_: object) -> None:
        if (found := world.states.latest("tally", "1")) is not None and not moved:
            moved.append(True)
            described = StateDescription(projector="tally", version="1", payload_type="Tally")
            data = world.states.data(found)
            world.states.persist(described, data, found.stamp)

    moved: list[bool] = []
    append(world, "cd")
    world.runner(on_progress=meanwhile, policy=SavePolicy(events=1)).run()
    append(world, "ef")
    with capture_logs() as logs:
        world.run()
    assert moved
    assert not logs
    assert world.state() == world.expected()


def test_rebuilding_folds_everything_again(world: Projecting) -> None:
    append(world, "ab")
    world.run()
    runner = world.runner()
    runner.rebuild()
    assert world.folded == list("abab")
    assert world.state() == world.expected()
    found = world.states.latest("tally", "1")
    assert found is not None
    assert found.generation == 2


def test_its_instance_is_seen_to_run(world: Projecting) -> None:
    append(world, "a")
    runner = world.runner()
    runner.run()
    (running,) = world.heartbeats.instances()
    assert (running.name, running.projector, running.version) == (runner.instance, "tally", "1")


@on_dynamodb
def test_more_write_shards_hide_nothing(store: Store) -> None:
    world = projecting(store)
    append(world, "ab")
    world.run()
    assert isinstance(store.provider, DynamoDBProvider)
    provider = evolve(store.provider, event_keys=EventKeys(write_shards=4))
    four = evolve(world.notes, store=evolve(world.notes.store, provider=provider))
    append(evolve(world, notes=four), "cdef")
    world.run()  # this one does not know of the shards yet
    assert world.folded == list("abcdef")
    knowing = projecting(evolve(store, provider=provider))
    knowing.notes.clock.moment = world.notes.clock.moment
    append(knowing, "gh")
    knowing.run()
    assert knowing.folded == list("gh")
    assert knowing.state() == knowing.expected()
