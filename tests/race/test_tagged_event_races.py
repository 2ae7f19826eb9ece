"""Sixteen writers on one boundary, round after round, in lockstep and staggered."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from attrs import evolve

from domain.tagged_events import AppendCondition, AppendConditionFailed, Position, Query, Tag
from infrastructure.tagged_events.store import TableDcbStore
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store
from tests.tagged_events.samples import OPTIONS, Noted, Numbered, note, number, texts

pytestmark = [pytest.mark.race, pytest.mark.parametrize("start", ["lockstep", "staggered"])]

LOST = [AppendConditionFailed] * (WRITERS - 1)


def appending(
    dcb: TableDcbStore, condition: AppendCondition, *tags: Tag
) -> Callable[[int, Callable[[], None]], Position | None]:
    """Each writer appends an event to one of the tags, all on the same condition."""

    def append(writer: int, ready: Callable[[], None]) -> Position | None:
        ready()
        return dcb.append([note(str(writer), tags[writer % len(tags)])], condition)

    return append


@pytest.fixture
def store(racing_store: Store) -> Store:
    """An empty store that is honest under threads and knows the event types of the tests."""
    return evolve(racing_store, options=OPTIONS)


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "by position"])
def test_one_of_many_decisions_on_a_boundary_is_stored(
    store: Store, start: Start, is_seen: bool
) -> None:
    dcb = store.dcb_store()
    for _ in range(rounds_on(store)):
        tag = Tag(f"slot:{uuid4()}")
        condition = dcb.read(Query.of(tag)).condition
        condition = condition if is_seen else evolve(condition, seen=None)
        assert errors_of(race(appending(dcb, condition, tag), start)) == LOST
        assert dcb.count(Query.of(tag)) == 1


def test_one_of_many_is_stored_where_each_writes_to_one_of_two_boundaries(
    store: Store, start: Start
) -> None:
    dcb = store.dcb_store()
    for _ in range(rounds_on(store)):
        tags = Tag(f"left:{uuid4()}"), Tag(f"right:{uuid4()}")
        condition = dcb.read(Query.of(tags[0]) | Query.of(tags[1])).condition
        assert errors_of(race(appending(dcb, condition, *tags), start)) == LOST
        assert dcb.count(Query.of(tags[0])) + dcb.count(Query.of(tags[1])) == 1


def test_a_boundary_of_some_places_takes_exactly_so_many(store: Store, start: Start) -> None:
    dcb, places = store.dcb_store(), 5
    for _ in range(rounds_on(store)):
        tag = Tag(f"course:{uuid4()}")

        def enrol(writer: int, ready: Callable[[], None], tag: Tag = tag) -> bool:
            ready()
            while True:
                taken = dcb.read(Query.of(tag, types={Noted}))
                if len(taken.events) >= places:
                    return False
                try:
                    dcb.append([note(str(writer), tag, Tag(f"student:{writer}"))], taken.condition)
                except AppendConditionFailed:
                    continue
                return True

        outcomes = race(enrol, start)
        assert errors_of(outcomes) == []
        assert outcomes.count(True) == places
        assert len(set(texts(dcb.read(Query.of(tag)).events))) == places


def test_a_key_is_used_once(store: Store, start: Start) -> None:
    dcb = store.dcb_store()
    for _ in range(rounds_on(store)):
        key = Tag(f"user:{uuid4()}")

        def claim(writer: int, ready: Callable[[], None], key: Tag = key) -> Position:
            ready()
            return dcb.append_if_unique(key, note(str(writer)))

        assert errors_of(race(claim, start)) == LOST
        assert dcb.count(Query.of(key)) == 1


def test_writers_of_other_tags_are_never_refused(store: Store, start: Start) -> None:
    dcb = store.dcb_store()

    def write(writer: int, ready: Callable[[], None]) -> int:
        tag = Tag(f"own:{writer}")
        for n in range(rounds_on(store)):
            condition = dcb.read(Query.of(tag)).condition
            if n == 0:
                ready()
            dcb.append([note(str(n), tag)], condition)
        return dcb.count(Query.of(tag))

    assert race(write, start) == [rounds_on(store)] * WRITERS


def test_events_of_one_tag_are_in_the_order_of_their_commits(store: Store, start: Start) -> None:
    dcb, tag = store.dcb_store(), Tag("shared")

    def write(writer: int, ready: Callable[[], None]) -> bool:
        ready()
        position = dcb.append([note(str(writer), tag)])
        seen = dcb.read(Query.of(tag)).condition.after
        return position is not None and seen is not None and position <= seen

    assert race(write, start) == [True] * WRITERS
    assert dcb.count(Query.of(tag)) == WRITERS


def test_a_decision_is_not_refused_for_events_that_do_not_match(store: Store, start: Start) -> None:
    dcb, tag = store.dcb_store(), Tag("shared")
    numbers = Query.of(tag, types={Numbered})

    def write(writer: int, ready: Callable[[], None]) -> Position | None:
        condition = dcb.read(numbers).condition
        ready()
        return (
            dcb.append([number(1, tag)], condition) if writer == 0 else dcb.append([note("", tag)])
        )

    outcomes = race(write, start)
    assert errors_of(outcomes) == []
    assert (dcb.count(Query.of(tag)), dcb.count(numbers)) == (WRITERS, 1)
