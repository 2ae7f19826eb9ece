"""The contract of event stores, on every adapter: appending and what is expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from application.errors import LimitExceeded, UnitOfWorkMisused
from application.event_context import event_context
from application.ports.event_store import EventMetadata, StoredEvent
from domain.consistency import (
    Anything,
    Exact,
    ExpectedVersion,
    Loaded,
    NoStream,
    StreamExists,
    StreamId,
)
from domain.errors import ConcurrencyConflict, InvalidValue
from tests.events.samples import OPTIONS, Noted, noted
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW

STREAM = StreamId("Note", "1")


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


def texts(store: Store, stream: StreamId = STREAM) -> list[str]:
    return [text_of(stored) for stored in store.event_store().read(stream).events]


def text_of(stored: StoredEvent) -> str:
    assert isinstance(stored.event, Noted)
    return stored.event.text


def filled(store: Store, count: int = 3) -> Loaded:
    return store.event_store().append(STREAM, noted(*map(str, range(1, count + 1))), NoStream())


def test_events_are_read_back_in_order_with_all_that_was_stored(store: Store) -> None:
    metadata = EventMetadata(correlation_id="request", causation_id="command", actor="ada")
    version = store.event_store().append(STREAM, noted("a", "b"), NoStream(), metadata)
    assert version == Loaded(2)
    first, second = store.event_store().read(STREAM).events
    assert (first.stream, first.version, first.type) == (STREAM, 1, "Noted")
    assert (first.event, first.timestamp) == (Noted(text="a", occurred_at=NOW), NOW)
    assert (first.metadata, second.metadata) == (metadata, metadata)
    assert (second.version, second.commit_first, second.commit_count) == (2, 1, 2)
    assert first.commit_id == second.commit_id
    assert first.event_id != second.event_id


def test_events_carry_the_metadata_of_who_acts(store: Store) -> None:
    with event_context(EventMetadata(correlation_id="request", actor="ada")):
        filled(store, 1)
    (stored,) = store.event_store().read(STREAM).events
    assert stored.metadata == EventMetadata(correlation_id="request", actor="ada")


def test_no_events_write_nothing(store: Store) -> None:
    assert store.event_store().append(STREAM, [], NoStream()) == Loaded(0)
    assert store.event_store().version(STREAM) == Loaded(0)


@pytest.mark.parametrize("expected", [Loaded(3), Exact(3), StreamExists(), Anything()])
def test_a_met_expectation_appends(store: Store, expected: ExpectedVersion) -> None:
    filled(store)
    assert store.event_store().append(STREAM, noted("4"), expected) == Loaded(4)
    assert texts(store) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("expected", [Loaded(0), Exact(0), NoStream(), Anything()])
def test_a_stream_is_started_by_what_expects_none(store: Store, expected: ExpectedVersion) -> None:
    assert store.event_store().append(STREAM, noted("1"), expected) == Loaded(1)


@pytest.mark.parametrize(
    ("expected", "number"),
    [(Loaded(2), 2), (Loaded(0), 0), (Exact(2), 2), (Exact(0), 0), (NoStream(), 0)],
)
def test_an_expectation_that_was_overtaken_is_a_conflict(
    store: Store, expected: ExpectedVersion, number: int
) -> None:
    filled(store)
    with pytest.raises(ConcurrencyConflict) as caught:
        store.event_store().append(STREAM, noted("x", "y"), expected)
    assert (caught.value.expected, caught.value.actual) == (number, 3)
    assert (caught.value.aggregate_type, caught.value.aggregate_id) == ("Note", "1")
    assert texts(store) == ["1", "2", "3"]


@pytest.mark.parametrize("number", [4, 5, 1000])
def test_a_number_beyond_the_stream_makes_no_gap(store: Store, number: int) -> None:
    filled(store)
    with pytest.raises(ConcurrencyConflict) as caught:
        store.event_store().append(STREAM, noted("x"), Exact(number))
    assert (caught.value.expected, caught.value.actual) == (number, 3)
    assert texts(store) == ["1", "2", "3"]


def test_a_stream_that_must_exist_and_does_not_is_a_conflict(store: Store) -> None:
    with pytest.raises(ConcurrencyConflict) as caught:
        store.event_store().append(STREAM, noted("x"), StreamExists())
    assert caught.value.actual is None


def test_versions_are_not_negative() -> None:
    for expected in (Loaded, Exact):
        with pytest.raises(InvalidValue):
            expected(-1)


def test_a_hundred_events_are_one_append(store: Store) -> None:
    assert filled(store, 100) == Loaded(100)
    assert texts(store) == [str(n) for n in range(1, 101)]


def test_one_event_more_is_refused(store: Store) -> None:
    with pytest.raises(LimitExceeded) as caught:
        filled(store, 101)
    assert (caught.value.actual, caught.value.allowed) == (101, 100)
    assert texts(store) == []


def test_an_event_that_no_item_can_hold_is_refused(store: Store) -> None:
    with pytest.raises(LimitExceeded) as caught:
        store.event_store().append(STREAM, noted("ok", "x" * 400_000), NoStream())
    assert caught.value.allowed == 400 * 1024
    assert caught.value.actual > 500_000
    assert texts(store) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (StreamId("a:b", "c"), StreamId("a", "b:c")),
        (StreamId("a%3Ab", "c"), StreamId("a:b", "c")),
        (StreamId("a", "%"), StreamId("a", "%25")),
        (StreamId("A", "1"), StreamId("a", "1")),
        (StreamId("Ünïcode", "läufer:1"), StreamId("Ünïcode:läufer", "1")),
    ],
)
def test_separators_never_mix_two_streams(store: Store, one: StreamId, other: StreamId) -> None:
    store.event_store().append(one, noted("one"), NoStream())
    store.event_store().append(other, noted("other"), NoStream())
    (stored,) = store.event_store().read(one).events
    assert (stored.stream, text_of(stored)) == (one, "one")
    (stored,) = store.event_store().read(other).events
    assert (stored.stream, text_of(stored)) == (other, "other")


def test_a_stream_needs_a_type_and_an_id() -> None:
    for type_, id_ in (("", "1"), ("Note", "")):
        with pytest.raises(InvalidValue):
            StreamId(type_, id_)


def test_events_and_a_person_are_committed_together(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person())
        unit.streams.append(STREAM, noted("1"), NoStream())
        unit.commit()
    filled_again = store.unit_of_work()
    with filled_again as unit:
        unit.people.add(new_person("grace@example.com"))
        unit.streams.append(STREAM, noted("x"), NoStream())
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()
    with store.unit_of_work() as unit:
        assert len(unit.people.page(10).items) == 1
    assert texts(store) == ["1"]


def test_a_stream_is_appended_to_once_a_commit(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.streams.append(STREAM, noted("1"), NoStream())
        with pytest.raises(UnitOfWorkMisused, match="twice"):
            unit.streams.append(STREAM, noted("2"), Loaded(1))
        unit.rollback()


def test_sequential_appends_that_are_overtaken_double_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequential = store.event_store(transactional=False)
    make = sequential.unit_of_work
    units = 0

    def overtaken() -> Any:
        nonlocal units
        units += 1
        if units == 2:
            store.event_store().append(STREAM, noted("theirs"), Anything())
        return make()

    with pytest.raises(ConcurrencyConflict):
        evolve(sequential, unit_of_work=overtaken).append(
            STREAM, noted("mine", "mine too"), Anything()
        )
    assert texts(store) == ["mine", "theirs"]


def test_what_json_cannot_hold_is_refused_before_anything_is_written(store: Store) -> None:
    for event in (
        Noted(text="\ud800", occurred_at=NOW),
        Noted(text="x", stars=2**64, occurred_at=NOW),
        Noted(text="x", occurred_at=NOW.replace(tzinfo=None)),
    ):
        with pytest.raises(InvalidValue):
            store.event_store().append(STREAM, [event], NoStream())
    with pytest.raises(InvalidValue, match="metadata"):
        store.event_store().append(STREAM, noted("x"), NoStream(), EventMetadata(actor="\udfff"))
    assert texts(store) == []


def test_a_time_is_stored_in_utc(store: Store) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    store.event_store().append(STREAM, [Noted(text="x", occurred_at=there)], NoStream())
    (stored,) = store.event_store().read(STREAM).events
    assert (stored.timestamp, stored.timestamp.utcoffset()) == (NOW, timedelta(0))


def test_sequential_appends_are_allowed_and_weaker(store: Store) -> None:
    """What came before the refused event stays."""
    sequential = store.event_store(transactional=False)
    assert sequential.append(STREAM, noted("1", "2"), NoStream()) == Loaded(2)
    with pytest.raises(LimitExceeded):
        sequential.append(STREAM, noted("3", "x" * 400_000), Loaded(2))
    assert texts(store) == ["1", "2", "3"]
