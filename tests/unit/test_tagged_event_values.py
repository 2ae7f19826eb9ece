"""Tags, queries, positions and keys: what they take, and how they are stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.errors import InvalidValue
from domain.tagged_events import Position, Query, QueryItem, Tag, TaggedEvent, microsecond_of
from infrastructure.tagged_events.keys import EventKeys, tag_guard, type_guard
from tests.tagged_events.samples import BOOK, PAGE, Noted
from tests.times import NOW

AT = Position.of(1_700_000_000_000_000, "e-1")


@pytest.mark.parametrize("text", ["", "a\nb", "\x00", "é" * 257])
def test_a_tag_is_a_short_printable_text(text: str) -> None:
    with pytest.raises(InvalidValue, match="tag: must be 1 to 512 printable bytes"):
        Tag(text)


def test_the_longest_tag_is_taken() -> None:
    assert str(Tag("é" * 256)) == "é" * 256


@pytest.mark.parametrize("event_id", ["", "e\n", "e" * 65])
def test_an_event_id_is_a_short_printable_text(event_id: str) -> None:
    with pytest.raises(InvalidValue, match="event_id: must be 1 to 64 printable bytes"):
        TaggedEvent(event=Noted(text="", occurred_at=NOW), tags=(), event_id=event_id)


def test_a_tag_counts_once() -> None:
    event = TaggedEvent(event=Noted(text="", occurred_at=NOW), tags=(PAGE, BOOK, PAGE))
    assert event.tags == (PAGE, BOOK)


def test_a_query_needs_an_item() -> None:
    with pytest.raises(InvalidValue, match="query"):
        Query(())


def test_queries_are_put_together_by_or() -> None:
    assert (Query.of(BOOK) | Query.of(PAGE, types={Noted})).items == (
        QueryItem(tags=frozenset({BOOK})),
        QueryItem(types=frozenset({Noted}), tags=frozenset({PAGE})),
    )


def test_positions_sort_by_time_and_then_by_id() -> None:
    later = Position.of(AT.microsecond + 1, "a")
    assert sorted([later, Position.of(AT.microsecond, "e-2"), AT]) == [
        AT,
        Position.of(AT.microsecond, "e-2"),
        later,
    ]
    assert Position.before(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)) < AT
    assert microsecond_of(datetime(2023, 11, 14, 22, 13, 20, 1, tzinfo=UTC)) == later.microsecond


@pytest.mark.parametrize("text", ["", "1", "1700000000000000", "170000000000000x-e", "-e"])
def test_another_text_is_no_position(text: str) -> None:
    with pytest.raises(InvalidValue, match="position"):
        Position(text)


def test_keys_are_stored_in_these_formats() -> None:
    keys = EventKeys()
    assert str(AT) == "1700000000000000-e-1"
    assert keys.event("e-1") == "EVENT#e-1"
    assert keys.guard(tag_guard(BOOK)) == "TAG#book:1"
    assert keys.guard(type_guard("Noted")) == "TYPE#Noted"
    assert (keys.index(AT), keys.indexes()) == ("ALL_EVENTS", ["ALL_EVENTS"])
    assert keys.tag_list == "ALL_TAGS"
    assert (keys.tag_of("TAG#book:1"), keys.tag_of("TYPE#Noted")) == (BOOK, None)


def test_keys_of_a_service_bear_its_id() -> None:
    keys = EventKeys(service_id="billing-2")
    assert keys.event("e-1") == "SERVICE#billing-2#EVENT#e-1"
    assert keys.guard(tag_guard(BOOK)) == "SERVICE#billing-2#TAG#book:1"
    assert keys.index(AT) == "SERVICE#billing-2#ALL_EVENTS"
    assert keys.tag_list == "SERVICE#billing-2#ALL_TAGS"
    assert keys.tag_of("SERVICE#billing-2#TAG#book:1") == BOOK


def test_shards_of_the_index_are_by_position_and_the_first_key_is_read_as_well() -> None:
    keys = EventKeys(write_shards=4)
    used = {keys.index(Position.of(n, "e")) for n in range(100)}
    assert used == {f"ALL_EVENTS#{shard}" for shard in range(4)}
    assert set(keys.indexes()) == {"ALL_EVENTS", *used}
    assert keys.index(AT) == "ALL_EVENTS#3"


@pytest.mark.parametrize("service_id", ["A", "a b", "a#b", "a" * 65])
def test_another_service_id_is_refused(service_id: str) -> None:
    with pytest.raises(InvalidValue, match="service_id"):
        EventKeys(service_id=service_id)


@pytest.mark.parametrize("shards", [0, 101])
def test_another_number_of_shards_is_refused(shards: int) -> None:
    with pytest.raises(InvalidValue, match="write_shards"):
        EventKeys(write_shards=shards)
