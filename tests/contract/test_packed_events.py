"""The contract of event stores for commits that are packed, by themselves and among others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest
from attrs import evolve, frozen

from application.errors import LimitExceeded, UnknownEventType, UnreadableEvent
from application.event_context import event_context
from application.ports.event_store import EventMetadata, StoredEvent
from application.ports.subscriptions import Start
from domain.consistency import (
    Anything,
    Exact,
    ExpectedVersion,
    Loaded,
    NoStream,
    StreamExists,
    StreamId,
)
from domain.errors import ConcurrencyConflict
from domain.events import DomainEvent
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.event_sourced_table import SnapshotPolicy
from infrastructure.events.registry import EventType
from infrastructure.unit_of_work import CommitOptions
from tests.contract.test_event_store import STREAM, text_of, texts
from tests.events.layouts import PLANS, fill, in_layout
from tests.events.samples import CONTEXTS, NOTED, OPTIONS, noted
from tests.samples.contexts import SAMPLES
from tests.samples.parcels import Parcel, line, new_parcel
from tests.stores import Store
from tests.subscription.subscribing import LEASE, seen, stream_id, subscribing
from tests.times import NOW

RANDOM_READS = 30


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that packs events, and knows the event types of the tests."""
    return in_layout(evolve(make_store(), options=OPTIONS), packed=True)


@pytest.mark.parametrize("packed", [False, True])
def test_events_are_read_back_with_all_that_was_stored_whatever_the_layout(
    store: Store, packed: bool
) -> None:
    store = in_layout(store, packed=packed)
    with event_context(EventMetadata(correlation_id="request", actor="ada")):
        store.event_store().append(STREAM, noted("a"), NoStream())
        store.event_store().append(STREAM, noted("b", "c"), Loaded(1))

    first, second, third = store.event_store().read(STREAM).events

    assert [e.event for e in (first, second, third)] == noted("a", "b", "c")
    assert [facts(event) for event in (first, second, third)] == [
        (1, 1, 1, "Noted", NOW, "ada", False),
        (2, 2, 2, "Noted", NOW, "ada", False),
        (3, 2, 2, "Noted", NOW, "ada", False),
    ]
    assert first.commit_id != second.commit_id == third.commit_id
    assert len({event.event_id for event in (first, second, third)}) == 3


def facts(event: StoredEvent) -> tuple[object, ...]:
    return (
        *(event.version, event.commit_first, event.commit_count, event.type, event.timestamp),
        *(event.metadata.actor, event.is_dispatched),
    )


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_any_bounds_give_the_same_events_in_whatever_layout(
    store: Store, plan: list[tuple[int, bool]]
) -> None:
    fill(store, STREAM, plan)
    bounds = list(product(range(1, 8), [None, *range(1, 7)], [False, True], [None, 1, 2, 4, 9]))

    for first, last, backwards, limit in Random(len(plan)).sample(bounds, RANDOM_READS):
        found = store.event_store().read(
            STREAM, first=first, last=last, backwards=backwards, limit=limit
        )
        versions = list(range(first, min(last or 5, 5) + 1))
        expected = (versions[::-1] if backwards else versions)[:limit]
        assert [event.version for event in found.events] == expected, (first, last, limit)
        assert [text_of(event) for event in found.events] == [str(v) for v in expected]


@pytest.mark.parametrize("expected", [Loaded(3), Exact(3), StreamExists(), Anything()])
def test_a_met_expectation_appends(store: Store, expected: ExpectedVersion) -> None:
    fill(store, STREAM, [(1, False), (2, True)])

    assert store.event_store().append(STREAM, noted("4"), expected) == Loaded(4)
    assert store.event_store().version(STREAM) == Loaded(4)
    assert texts(store) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("expected", "number"),
    [(NoStream(), 0), (Loaded(0), 0), (Loaded(1), 1), (Exact(1), 1), (Exact(0), 0), (Exact(9), 9)],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_expectation_that_was_overtaken_is_a_conflict_with_the_last_version(
    store: Store, expected: ExpectedVersion, number: int, packed: bool
) -> None:
    fill(store, STREAM, [(1, True), (3, True)])

    with pytest.raises(ConcurrencyConflict) as caught:
        in_layout(store, packed=packed).event_store().append(STREAM, noted("x"), expected)

    assert (caught.value.expected, caught.value.actual) == (number, 4)
    assert texts(store) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_number_within_a_commit_is_a_conflict(store: Store, packed: bool) -> None:
    fill(store, STREAM, [(1, False), (3, packed)])

    with pytest.raises(ConcurrencyConflict) as caught:
        store.event_store().append(STREAM, noted("x"), Exact(2))

    assert (caught.value.expected, caught.value.actual) == (2, 4)
    assert texts(store) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("loaded", [2, 3])
def test_a_loaded_version_that_nothing_gave_is_told_when_the_stream_is_read(
    store: Store, loaded: int
) -> None:
    fill(store, STREAM, [(4, True)])
    store.event_store().append(STREAM, noted("x"), Loaded(loaded))

    with pytest.raises(UnreadableEvent, match="begins within the commit before it") as caught:
        store.event_store().read(STREAM)
    assert caught.value.event == f"event {loaded + 1} of Note 1"


def test_a_commit_has_as_many_events_as_an_item_holds(store: Store) -> None:
    many = noted(*map(str, range(1, 1001)))

    assert store.event_store().append(STREAM, many, NoStream()) == Loaded(1000)
    newest = store.event_store().read(STREAM, backwards=True, limit=2)
    assert [text_of(event) for event in newest.events] == ["1000", "999"]


def test_more_than_an_item_holds_is_refused_with_the_sizes(store: Store) -> None:
    random = Random(1)
    incompressible = [random.randbytes(100_000).hex() for _ in range(9)]

    with store.meter.measure() as usage, pytest.raises(LimitExceeded) as caught:
        store.event_store().append(STREAM, noted(*incompressible), NoStream())

    assert (caught.value.limit, caught.value.allowed) == ("item size", 400 * 1024)
    assert caught.value.actual > 900_000
    assert "packed" in caught.value.where
    assert usage.requests == 0


def test_more_than_may_be_unpacked_is_refused_however_small_it_gets(store: Store) -> None:
    with store.meter.measure() as usage, pytest.raises(LimitExceeded) as caught:
        store.event_store().append(STREAM, noted(*["x" * 500_000] * 9), NoStream())

    assert (caught.value.limit, caught.value.allowed) == ("size of one commit", 4 * 1024 * 1024)
    assert usage.requests == 0


def test_a_commit_is_one_action_of_a_unit_of_work(store: Store) -> None:
    streams = [StreamId("Note", str(number)) for number in range(3)]
    with store.unit_of_work() as unit:
        for stream in streams:
            unit.streams.append(stream, noted(*["x"] * 60), NoStream())
        unit.commit()

    assert [store.event_store().version(stream) for stream in streams] == [Loaded(60)] * 3


@frozen(kw_only=True)
class Renamed(DomainEvent):
    """An event of another type."""

    name: str


def test_a_type_that_nobody_knows_is_named_where_it_is_asked_for(store: Store) -> None:
    both = Contexts([Context(event_types=(NOTED, EventType("Renamed", Renamed)))])
    knowing = evolve(store, options=evolve(store.options, contexts=both))
    events = [*noted("1"), Renamed(name="x", occurred_at=NOW), *noted("3")]
    knowing.event_store().append(STREAM, events, NoStream())

    with pytest.raises(UnknownEventType) as caught:
        store.event_store().read(STREAM)

    assert (caught.value.event, caught.value.type) == ("event 2 of Note 1", "Renamed")
    (third,) = store.event_store().read(STREAM, first=3).events
    assert text_of(third) == "3"


@pytest.mark.parametrize("every", [0, 2])
def test_an_aggregate_is_stored_and_loaded_through_both_layouts(store: Store, every: int) -> None:
    options = CommitOptions(contexts=SAMPLES, snapshots=SnapshotPolicy(every=every))
    packed = in_layout(evolve(store, options=options), packed=True)
    plain = in_layout(packed, packed=False)
    with packed.unit_of_work() as unit:
        parcel = new_parcel()
        unit.parcels.add(parcel)
        parcel.add_line(line("second"), NOW)
        unit.commit()
    for layout, skus in ((packed, ("3", "4", "5")), (plain, ("6", "7")), (packed, ("8", "9"))):
        with layout.unit_of_work() as unit:
            found: Parcel = unit.parcels.get(parcel.id)
            for sku in skus:
                found.add_line(line(sku), NOW)
            unit.parcels.save(found)
            unit.commit()

    with plain.unit_of_work() as unit:
        loaded = unit.parcels.get(parcel.id)
    assert loaded.version == 9
    assert [each.sku for each in loaded.lines][-8:] == ["second", *"3456789"]


def test_an_event_that_is_told_of_says_so_within_its_commit(store: Store) -> None:
    store = evolve(store, options=evolve(store.options, contexts=SAMPLES))
    with store.unit_of_work() as unit:
        parcel = new_parcel()
        unit.parcels.add(parcel)
        parcel.add_line(line("second"), NOW)
        unit.commit()

    events = store.provider.events().read(StreamId("Parcel", parcel.id)).events
    assert [event.is_dispatched for event in events] == [True, False]


@pytest.mark.parametrize("start", [Start.BEGINNING, Start.NOW])
def test_subscribers_are_given_each_event_of_either_layout(store: Store, start: Start) -> None:
    events = subscribing(store, page_size=3)
    store.options = evolve(OPTIONS, max_events=None)
    with events.subscribe(start=start) as subscription:
        fill(store, stream_id("a"), [(3, True), (2, False), (4, True)])
        fill(store, stream_id("b"), [(1, False), (2, True)])
        found = seen(subscription)

    assert [each for each in found if each[0] == "a"] == [("a", n) for n in range(1, 10)]
    assert [each for each in found if each[0] == "b"] == [("b", n) for n in range(1, 4)]
    assert events.read() == []


def test_who_stops_within_a_commit_is_given_it_again_and_nothing_before_it(store: Store) -> None:
    events = subscribing(store)
    store.options = evolve(OPTIONS, max_events=None, contexts=CONTEXTS)
    fill(store, stream_id("a"), [(2, True), (4, True), (1, True)])
    with events.subscribe() as subscription:
        assert seen(subscription, 4) == [("a", n) for n in range(1, 5)]
        subscription.stop()
        assert seen(subscription) == []

    assert events.read() == [("a", n) for n in range(3, 8)]


def test_the_lease_is_kept_between_the_events_of_a_commit(store: Store) -> None:
    events = subscribing(store)
    store.options = evolve(OPTIONS, max_events=None)
    fill(store, stream_id("a"), [(5, True)])
    with events.subscribe() as subscription:
        for number in range(1, 5):
            assert seen(subscription, 1) == [("a", number)]
            events.clock.advance(LEASE / 2)
        with events.subscribe() as another:
            assert another._reader.is_standing_by
        assert seen(subscription) == [("a", 5)]
