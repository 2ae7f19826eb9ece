"""The contract of tagged events, on every adapter: appending, and what a condition refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from application.errors import LimitExceeded, UnitOfWorkMisused
from application.event_context import event_context
from application.ports.event_store import EventMetadata
from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from domain.tagged_events import (
    AppendCondition,
    AppendConditionFailed,
    EventAlreadyAppended,
    GuardState,
    IdempotencyKeyReused,
    NotGuarded,
    Position,
    Query,
    Tag,
    TaggedEvent,
)
from infrastructure.tagged_events.store import TableDcbStore
from tests.samples.people import PersonNotFound, new_person
from tests.stores import Store
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, Noted, Numbered, note, number, texts
from tests.times import NOW

OTHER = Tag("book:2")


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


@pytest.fixture
def dcb(store: Store) -> TableDcbStore:
    return store.dcb_store()


def messages(store: Store) -> list[OutboxMessage]:
    return [stored.message for stored in store.provider.outbox().read(BOOK.value)]


def test_an_event_is_read_back_with_all_that_was_stored(dcb: TableDcbStore) -> None:
    metadata = EventMetadata(correlation_id="request", causation_id="command", actor="ada")
    position = dcb.append([note("a", BOOK, PAGE, event_id="e-1")], metadata=metadata)
    (read,) = dcb.read(Query.of(BOOK)).events
    assert (read.event_id, read.type, read.tags) == ("e-1", "Noted", (BOOK, PAGE))
    assert (read.event, read.timestamp, read.metadata) == (
        Noted(text="a", occurred_at=NOW),
        NOW,
        metadata,
    )
    assert read.position == position
    assert dcb.get("e-1") == read


def test_metadata_is_that_of_the_context_unless_it_is_given(dcb: TableDcbStore) -> None:
    metadata = EventMetadata(correlation_id="request")
    with event_context(metadata):
        dcb.append([note("a", BOOK)])
    assert [event.metadata for event in dcb.read(Query.of(BOOK)).events] == [metadata]


def test_events_of_one_append_are_in_their_order(dcb: TableDcbStore) -> None:
    last = dcb.append([note(text, BOOK) for text in "abcdefgh"])
    events = dcb.read(Query.of(BOOK)).events
    assert texts(events) == list("abcdefgh")
    assert events[-1].position == last


def test_no_events_are_no_append(dcb: TableDcbStore) -> None:
    assert dcb.append([]) is None
    assert dcb.latest_position() is None


def test_a_large_event_is_read_by_its_tags_as_well(dcb: TableDcbStore) -> None:
    dcb.append([note("x" * 2_000, BOOK), note("small", BOOK), note("y" * 300_000, BOOK)])
    assert texts(dcb.read(Query.of(BOOK)).events) == ["x" * 2_000, "small", "y" * 300_000]


def test_what_no_item_could_hold_is_refused_before_anything_is_sent(dcb: TableDcbStore) -> None:
    with pytest.raises(LimitExceeded, match="item size"):
        dcb.append([note("x" * 410_000, BOOK)])
    assert not dcb.has_tag(BOOK)


def test_what_no_transaction_takes_is_refused_before_anything_is_sent(dcb: TableDcbStore) -> None:
    with pytest.raises(LimitExceeded, match="actions in one commit"):
        dcb.append([note(str(n), BOOK) for n in range(50)])  # 50 events, 50 rows, a guard
    assert not dcb.has_tag(BOOK)


class TestConditions:
    def test_a_decision_on_what_is_still_so_is_stored(self, dcb: TableDcbStore) -> None:
        dcb.append([note("a", BOOK)])
        decision = dcb.read(Query.of(BOOK))
        dcb.append([note("b", BOOK)], decision.condition)
        assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]

    def test_a_decision_is_refused_where_a_matching_event_was_added(
        self, dcb: TableDcbStore
    ) -> None:
        dcb.append([note("a", BOOK)])
        decision = dcb.read(Query.of(BOOK))
        added = dcb.append([note("b", BOOK)])
        with pytest.raises(AppendConditionFailed) as refused:
            dcb.append([note("c", BOOK)], decision.condition)
        assert refused.value.position == added
        assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]

    def test_a_decision_on_nothing_is_refused_where_something_is(self, dcb: TableDcbStore) -> None:
        decision = dcb.read(Query.of(BOOK))
        dcb.append([note("a", BOOK)])
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("b", BOOK)], decision.condition)

    def test_a_decision_can_be_on_tags_that_its_events_do_not_bear(
        self, dcb: TableDcbStore
    ) -> None:
        decision = dcb.read(Query.of(PAGE))
        dcb.append([note("a", BOOK)], decision.condition)
        dcb.append([note("b", PAGE)])
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("c", BOOK)], decision.condition)

    def test_an_event_of_another_type_does_not_fail_a_condition(self, dcb: TableDcbStore) -> None:
        decision = dcb.read(Query.of(BOOK, types={Numbered}))
        dcb.append([note("a", BOOK)])
        dcb.append([number(1, BOOK)], decision.condition)
        with pytest.raises(AppendConditionFailed):
            dcb.append([number(2, BOOK)], decision.condition)

    def test_an_event_with_some_of_the_tags_does_not_fail_a_condition(
        self, dcb: TableDcbStore
    ) -> None:
        decision = dcb.read(Query.of(BOOK, PAGE))
        dcb.append([note("a", BOOK)])
        dcb.append([note("b", PAGE)])
        dcb.append([note("c", BOOK, PAGE)], decision.condition)
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("d", BOOK)], decision.condition)

    def test_any_item_of_a_query_can_fail_its_condition(self, dcb: TableDcbStore) -> None:
        decision = dcb.read(Query.of(BOOK) | Query.of(PAGE))
        dcb.append([note("a", OTHER)])
        dcb.append([note("b", OTHER)], decision.condition)
        dcb.append([note("c", PAGE)])
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("d", BOOK)], decision.condition)

    def test_a_condition_by_a_position_is_on_what_comes_after_it(self, dcb: TableDcbStore) -> None:
        first = dcb.append([note("a", BOOK)])
        dcb.append([note("b", BOOK)], AppendCondition(Query.of(BOOK), first))
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("c", BOOK)], AppendCondition(Query.of(BOOK), first))
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("c", BOOK)], AppendCondition(Query.of(BOOK)))
        dcb.append([note("c", BOOK)], AppendCondition(Query.of(OTHER)))

    def test_one_commit_takes_several_appends_each_with_its_condition(self, store: Store) -> None:
        dcb = store.dcb_store()
        books, pages = dcb.read(Query.of(BOOK)), dcb.read(Query.of(PAGE))
        with store.unit_of_work() as unit:
            unit.tagged_events.append([note("a", BOOK)], books.condition)
            unit.tagged_events.append([note("b", PAGE, BOOK)], pages.condition)
            unit.commit()
        assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]
        with store.unit_of_work() as unit:
            unit.tagged_events.append([note("c", OTHER)], dcb.read(Query.of(OTHER)).condition)
            unit.tagged_events.append([note("d", OTHER)], pages.condition)
            with pytest.raises(AppendConditionFailed):
                unit.commit()
            unit.rollback()
        assert not dcb.has_tag(OTHER)

    def test_two_conditions_that_saw_a_guard_differently_are_both_looked_at(
        self, store: Store
    ) -> None:
        dcb = store.dcb_store()
        numbers = dcb.read(Query.of(BOOK, types={Numbered}))
        dcb.append([note("a", BOOK)])
        notes = dcb.read(Query.of(BOOK, types={Noted}))
        with store.unit_of_work() as unit:
            unit.tagged_events.append([number(1, BOOK)], numbers.condition)
            unit.tagged_events.append([note("b", BOOK)], notes.condition)
            unit.commit()
        assert dcb.count(Query.of(BOOK)) == 3

    def test_a_condition_on_a_guarded_type_needs_no_tag(self, dcb: TableDcbStore) -> None:
        decision = dcb.read(Query.of(types={Numbered}))
        dcb.append([note("a", BOOK)])
        dcb.append([number(1)], decision.condition)
        with pytest.raises(AppendConditionFailed):
            dcb.append([number(2, PAGE)], decision.condition)
        assert len(dcb.read(Query.of(types={Numbered})).events) == 1

    @pytest.mark.parametrize("query", [Query.of(types={Noted}), Query.everything()])
    def test_a_condition_on_what_is_not_guarded_is_refused(
        self, dcb: TableDcbStore, query: Query
    ) -> None:
        with pytest.raises(NotGuarded, match="neither tagged nor declared as guarded"):
            dcb.append([note("a", BOOK)], AppendCondition(query))
        with pytest.raises(NotGuarded):
            dcb.append([note("a", BOOK)], AppendCondition(Query.of(BOOK) | query))
        assert not dcb.has_tag(BOOK)

    def test_a_condition_of_another_query_is_refused(self, dcb: TableDcbStore) -> None:
        seen = dcb.read(Query.of(PAGE)).condition.seen
        with pytest.raises(InvalidValue, match="was read for another query"):
            dcb.append([note("a", BOOK)], AppendCondition(Query.of(BOOK), seen=seen))

    def test_a_condition_of_another_store_is_refused(
        self, store: Store, dcb: TableDcbStore
    ) -> None:
        dcb.append([note("a", BOOK)])
        (guard,) = dcb.read(Query.of(BOOK)).condition.seen or {}
        later = Position.of(9_000_000_000_000_000, "e")
        ahead = AppendCondition(Query.of(BOOK), seen={guard: GuardState(7, later)})
        with pytest.raises(InvalidValue, match="was read from another table"):
            dcb.append([note("b", BOOK)], ahead)

    def test_a_limited_read_has_seen_no_more_than_it_gave(self, dcb: TableDcbStore) -> None:
        dcb.append([note(text, BOOK) for text in "abc"])
        decision = dcb.read(Query.of(BOOK), limit=2)
        with pytest.raises(AppendConditionFailed):
            dcb.append([note("d", BOOK)], decision.condition)

    def test_the_last_match_is_enough_for_a_decision(self, dcb: TableDcbStore) -> None:
        dcb.append([number(n) for n in range(1, 4)])
        last = dcb.read(Query.of(types={Numbered}), backwards=True, limit=1)
        assert [event.event for event in last.events] == [Numbered(number=3, occurred_at=NOW)]
        dcb.append([number(4)], last.condition)
        with pytest.raises(AppendConditionFailed):
            dcb.append([number(4)], last.condition)


class TestRepeatedAppends:
    def test_the_same_events_again_are_a_success_that_writes_nothing(
        self, dcb: TableDcbStore
    ) -> None:
        decision = dcb.read(Query.of(BOOK))
        events = [note("a", BOOK, event_id="e-1"), note("b", BOOK, event_id="e-2")]
        position = dcb.append(events, decision.condition)
        assert dcb.append(events, decision.condition) == position
        assert dcb.append(events) == position
        assert dcb.count(Query.of(BOOK)) == 2

    def test_another_event_under_the_same_id_is_refused(self, dcb: TableDcbStore) -> None:
        dcb.append([note("a", BOOK, event_id="e-1")])
        with pytest.raises(IdempotencyKeyReused):
            dcb.append([note("b", BOOK, event_id="e-1")])
        with pytest.raises(IdempotencyKeyReused):
            dcb.append([note("a", PAGE, event_id="e-1")])
        assert not dcb.has_tag(PAGE)

    def test_events_of_which_one_is_there_are_refused(self, dcb: TableDcbStore) -> None:
        dcb.append([note("a", BOOK, event_id="e-1")])
        with pytest.raises(EventAlreadyAppended):
            dcb.append([note("a", BOOK, event_id="e-1"), note("b", BOOK)])
        assert dcb.count(Query.of(BOOK)) == 1

    def test_a_unit_of_work_tells_what_was_appended_before(self, store: Store) -> None:
        event = note("a", BOOK, event_id="e-1")
        store.dcb_store().append([event])
        with store.unit_of_work() as unit:
            unit.tagged_events.append([event])
            with pytest.raises(EventAlreadyAppended):
                unit.commit()
            unit.rollback()

    def test_an_event_is_unique_by_a_key(self, dcb: TableDcbStore) -> None:
        key = Tag("request:7")
        dcb.append_if_unique(key, note("a", BOOK))
        with pytest.raises(AppendConditionFailed):
            dcb.append_if_unique(key, note("b", BOOK))
        assert texts(dcb.read(Query.of(key)).events) == ["a"]


class TestInUnitsOfWork:
    def test_events_aggregates_claims_and_messages_are_committed_together(
        self, store: Store
    ) -> None:
        dcb = store.dcb_store()
        unit: Any
        with store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            unit.tagged_events.append([number(1, BOOK)], dcb.read(Query.of(BOOK)).condition)
            unit.commit()
        with store.unit_of_work() as unit:
            assert unit.people.get("ada").version == 1
        (message,) = messages(store)
        assert (message.message_type, message.ordering_key) == ("NumberGiven", "book:1")

    def test_a_condition_that_fails_leaves_nothing_behind(self, store: Store) -> None:
        dcb = store.dcb_store()
        decision = dcb.read(Query.of(BOOK))
        dcb.append([note("a", BOOK)])
        unit: Any
        with store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            unit.tagged_events.append([number(1, BOOK)], decision.condition)
            with pytest.raises(AppendConditionFailed):
                unit.commit()
            unit.rollback()
            with pytest.raises(PersonNotFound):
                unit.people.get("ada")
        assert messages(store) == []

    def test_what_is_not_committed_is_told(self, store: Store) -> None:
        with pytest.raises(UnitOfWorkMisused), store.unit_of_work() as unit:
            unit.tagged_events.append([note("a", BOOK)])


class TestOrder:
    def test_a_writer_whose_clock_is_behind_comes_after_what_is_there(self, store: Store) -> None:
        dcb = store.dcb_store()
        first = dcb.append([note("a", BOOK)])
        behind = evolve(store, clock=_Clock(datetime(2020, 1, 1, tzinfo=UTC))).dcb_store()
        second = behind.append([note("b", BOOK)])
        assert first is not None
        assert second is not None
        assert second.microsecond == first.microsecond + 1
        assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]

    def test_a_decision_comes_after_all_that_it_saw(self, store: Store) -> None:
        first = store.dcb_store().append([note("a", BOOK)])
        behind = evolve(store, clock=_Clock(datetime(2020, 1, 1, tzinfo=UTC))).dcb_store()
        second = behind.append([note("b", PAGE)], behind.read(Query.of(BOOK)).condition)
        assert first is not None
        assert second is not None
        assert second > first

    def test_a_time_without_its_zone_is_refused(self, dcb: TableDcbStore) -> None:
        event = Noted(text="a", occurred_at=NOW.replace(tzinfo=None))
        with pytest.raises(InvalidValue, match="occurred_at"):
            dcb.append([TaggedEvent(event=event, tags=(BOOK,))])


class _Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now
