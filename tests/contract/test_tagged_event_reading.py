"""The contract of tagged events, on every adapter: everything that can be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from application.errors import UnknownEventType
from application.ports.event_store import RawEvent
from domain.errors import InvalidValue
from domain.tagged_events import Position, Query, Tag
from infrastructure.contexts.context import Contexts
from infrastructure.tagged_events.store import TableDcbStore
from infrastructure.unit_of_work import CommitOptions
from tests.stores import Store
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, Noted, Numbered, note, number, texts

OTHER = Tag("book:2")


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


@pytest.fixture
def dcb(store: Store) -> TableDcbStore:
    return store.dcb_store()


@pytest.fixture
def positions(dcb: TableDcbStore) -> list[Position]:
    """Those of eight notes: a to d of the book, e to h of the other one, every second of a page."""
    events = [
        note(t, BOOK if t < "e" else OTHER, *([PAGE] if t in "aceg" else [])) for t in LETTERS
    ]
    found = [dcb.append([event]) for event in events]
    return [position for position in found if position is not None]


LETTERS = "abcdefgh"

QUERIES = [
    pytest.param(Query.of(BOOK), "abcd", id="a tag"),
    pytest.param(Query.of(BOOK, PAGE), "ac", id="two tags"),
    pytest.param(Query.of(PAGE, types={Noted}), "aceg", id="a tag and a type"),
    pytest.param(Query.of(PAGE, types={Numbered}), "", id="a tag and another type"),
    pytest.param(Query.of(PAGE) | Query.of(OTHER), "acefgh", id="either tag"),
    pytest.param(Query.of(types={"Noted"}), LETTERS, id="a type by its stored name"),
    pytest.param(Query.of(types={Numbered, Noted}), LETTERS, id="two types"),
    pytest.param(Query.of(types={Numbered}), "", id="a guarded type"),
    pytest.param(Query.everything(), LETTERS, id="everything"),
    pytest.param(Query.of(Tag("nobody's")), "", id="a tag that no event bears"),
]


@pytest.mark.usefixtures("positions")
@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_finds_each_event_that_matches_once_and_in_order(
    dcb: TableDcbStore, query: Query, expected: str
) -> None:
    assert texts(dcb.read(query).events) == list(expected)
    assert texts(dcb.read(query, backwards=True).events) == list(reversed(expected))
    assert texts(dcb.read(query, limit=2).events) == list(expected[:2])
    assert texts(dcb.read(query, backwards=True, limit=1).events) == list(expected[-1:])
    assert texts(list(dcb.each(query))) == list(expected)
    assert dcb.count(query) == len(expected)


@pytest.mark.parametrize(
    ("query", "after", "before"),
    [(Query.of(PAGE), "eg", "a"), (Query.everything(), "defgh", "ab")],
)
def test_a_read_can_begin_at_a_position(
    dcb: TableDcbStore, positions: list[Position], query: Query, after: str, before: str
) -> None:
    at = positions[2]
    assert texts(dcb.read(query, after=at).events) == list(after)
    assert texts(dcb.read(query, after=at, limit=1).events) == list(after[:1])
    assert texts(list(dcb.each(query, after=at))) == list(after)
    backwards = dcb.read(query, after=at, backwards=True)
    assert texts(backwards.events) == list(reversed(before))
    assert backwards.condition.after == at


def test_a_limit_below_one_is_refused(dcb: TableDcbStore) -> None:
    with pytest.raises(InvalidValue, match="limit"):
        dcb.read(Query.of(BOOK), limit=0)


def test_an_event_is_found_by_its_id_and_others_are_not(dcb: TableDcbStore) -> None:
    dcb.append([note("a", BOOK, event_id="e-1")])
    found = dcb.get("e-1", raw=True)
    assert found is not None
    assert isinstance(found.event, RawEvent)
    assert dcb.get("e-2") is None


@pytest.mark.usefixtures("positions")
def test_tags_are_listed_in_order_and_known(dcb: TableDcbStore) -> None:
    dcb.append([number(1, Tag("a:1"))])
    assert dcb.tags() == [Tag("a:1"), BOOK, OTHER, PAGE]
    assert dcb.tags(after=BOOK, limit=1) == [OTHER]
    assert (dcb.has_tag(PAGE), dcb.has_tag(Tag("page:8"))) == (True, False)


def test_the_latest_position_is_that_of_the_last_event(
    dcb: TableDcbStore, positions: list[Position]
) -> None:
    assert dcb.latest_position() == positions[-1]


@pytest.mark.usefixtures("positions")
def test_what_was_read_so_far_is_told(dcb: TableDcbStore) -> None:
    told: list[int] = []
    list(dcb.each(Query.of(BOOK), progress=told.append))
    assert told == [8]


def test_an_event_of_an_unknown_type_can_be_read_raw(store: Store) -> None:
    store.dcb_store().append([note("a", BOOK, event_id="e-1")])
    stranger = evolve(store, options=CommitOptions(contexts=Contexts([]))).dcb_store()
    with pytest.raises(UnknownEventType, match="event e-1 has the unknown type 'Noted'"):
        stranger.read(Query.of(BOOK))
    (event,) = stranger.read(Query.of(BOOK), raw=True).events
    assert isinstance(event.event, RawEvent)


def test_the_order_of_all_stays_behind_the_safe_window(store: Store) -> None:
    store.dcb_store().append([note("a", BOOK)])
    behind = store.dcb_store(safe_window=timedelta(hours=1))
    assert texts(behind.read(Query.everything()).events) == []
    assert list(behind.each(Query.of(BOOK))) == []
    assert texts(behind.read(Query.of(BOOK)).events) == ["a"]  # a decision does not


def test_a_great_many_events_are_read_page_by_page(store: Store) -> None:
    dcb = store.dcb_store()
    for first in range(0, 60, 20):
        dcb.append([note(f"{n:03}{'x' * 30_000}", BOOK) for n in range(first, first + 20)])
    expected = [f"{n:03}" for n in range(60)]
    assert [text[:3] for text in texts(dcb.read(Query.of(BOOK)).events)] == expected
    assert [text[:3] for text in texts(dcb.read(Query.everything()).events)] == expected
    last = dcb.read(Query.everything(), backwards=True, limit=45).events
    assert [text[:3] for text in texts(last)] == expected[:14:-1]
