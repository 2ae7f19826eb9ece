"""The contract of event stores, on every adapter: reading, types, and what no longer fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve, frozen

from application.errors import UnknownEventType, UnreadableEvent
from application.ports.event_store import RawEvent
from domain.consistency import MAX_VERSION, Exact, Loaded, NoStream, StreamId
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.registry import EventRegistry, EventType
from infrastructure.unit_of_work import CommitOptions
from tests.contract.test_event_store import STREAM, filled, texts
from tests.events.samples import NOTED, OPTIONS, Noted, noted
from tests.stores import Store
from tests.times import NOW


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


@pytest.mark.parametrize(
    ("bounds", "versions"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"first": 3}, [3, 4, 5]),
        ({"last": 2}, [1, 2]),
        ({"first": 2, "last": 4}, [2, 3, 4]),
        ({"first": 4, "last": 2}, []),
        ({"first": 6}, []),
        ({"first": MAX_VERSION + 1}, []),
        ({"last": MAX_VERSION + 1}, [1, 2, 3, 4, 5]),
        ({"limit": 10**126}, [1, 2, 3, 4, 5]),
        ({"last": 99}, [1, 2, 3, 4, 5]),
        ({"limit": 2}, [1, 2]),
        ({"first": 2, "limit": 2}, [2, 3]),
        ({"limit": 99}, [1, 2, 3, 4, 5]),
        ({"backwards": True}, [5, 4, 3, 2, 1]),
        ({"backwards": True, "limit": 2}, [5, 4]),
        ({"backwards": True, "last": 3}, [3, 2, 1]),
        ({"backwards": True, "first": 2, "last": 4, "limit": 2}, [4, 3]),
    ],
)
def test_a_stream_is_read_within_bounds(
    store: Store, bounds: dict[str, Any], versions: list[int]
) -> None:
    filled(store, 5)
    found = store.event_store().read(STREAM, **bounds)
    assert [event.version for event in found.events] == versions


@pytest.mark.parametrize("bound", ["first", "last"])
def test_a_version_that_no_store_could_count_to_is_refused(store: Store, bound: str) -> None:
    bounds: dict[str, Any] = {bound: 10**126}
    with pytest.raises(InvalidValue, match=r"^version: "):
        store.event_store().read(STREAM, **bounds)


@pytest.mark.parametrize("expectation", [Exact, Loaded])
def test_so_is_one_that_is_expected(expectation: type[Exact] | type[Loaded]) -> None:
    with pytest.raises(InvalidValue, match=r"^version: "):
        expectation(10**126)


def test_a_stream_that_does_not_exist_is_empty(store: Store) -> None:
    assert store.event_store().read(StreamId("Note", "none")).events == ()


def test_other_streams_are_not_read(store: Store) -> None:
    filled(store, 2)
    store.event_store().append(StreamId("Note", "11"), noted("x"), NoStream())
    assert texts(store) == ["1", "2"]


@frozen(kw_only=True)
class NotedBetter(DomainEvent):
    """What `Noted` has become: the text is a headline now, and there are readers."""

    headline: str
    stars: int
    readers: int


def _headline(data: dict[str, Any]) -> dict[str, Any]:
    return {"headline": data.pop("text"), **data}


def _readers(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "readers": 0}


def knowing(store: Store, *types: EventType) -> Store:
    contexts = Contexts([Context(event_types=types)])
    return evolve(store, options=CommitOptions(contexts=contexts))


def test_old_events_become_new_ones_step_by_step(store: Store) -> None:
    filled(store, 1)
    better = EventType("Noted", NotedBetter, 3, {1: _headline, 2: _readers})
    (stored,) = knowing(store, better).event_store().read(STREAM).events
    assert stored.event == NotedBetter(headline="1", stars=0, readers=0, occurred_at=NOW)


def test_an_unknown_type_is_named_with_its_place(store: Store) -> None:
    filled(store, 2)
    other = knowing(store, EventType("Other", Noted))
    with pytest.raises(UnknownEventType) as caught:
        other.event_store().read(STREAM, first=2)
    assert (caught.value.event, caught.value.type) == ("event 2 of Note 1", "Noted")


def test_an_unknown_type_can_be_read_raw(store: Store) -> None:
    filled(store, 1)
    other = knowing(store, EventType("Other", Noted))
    (stored,) = other.event_store().read(STREAM, raw=True).events
    assert isinstance(stored.event, RawEvent)
    assert (stored.event.type, stored.event.schema_version) == ("Noted", 1)
    assert b'"text":"1"' in stored.event.data


def test_an_event_of_newer_code_is_unreadable_not_misread(store: Store) -> None:
    newer = knowing(store, EventType("Noted", Noted, 2, {1: lambda data: data}))
    filled(newer, 1)
    with pytest.raises(UnreadableEvent, match="schema version 2"):
        store.event_store().read(STREAM)


def test_an_event_that_does_not_fit_its_class_is_unreadable(store: Store) -> None:
    filled(store, 1)
    changed = knowing(store, EventType("Noted", NotedBetter))
    with pytest.raises(UnreadableEvent, match="headline"):
        changed.event_store().read(STREAM)


@pytest.mark.parametrize(
    "upcasters", [{}, {1: _headline}, {2: _readers}, {1: _headline, 2: _readers, 3: _readers}]
)
def test_a_gap_between_upcasters_is_found_at_start(upcasters: dict[int, Any]) -> None:
    with pytest.raises(ValueError, match="upcasters"):
        EventRegistry([EventType("Noted", NotedBetter, 3, upcasters)])


def test_a_name_or_class_is_registered_once() -> None:
    for other in (EventType("Noted", NotedBetter), EventType("Other", Noted)):
        with pytest.raises(ValueError, match="twice"):
            EventRegistry([NOTED, other])


def test_an_event_that_is_not_registered_is_not_stored(store: Store) -> None:
    event = NotedBetter(headline="x", stars=1, readers=2, occurred_at=NOW)
    with pytest.raises(TypeError, match="NotedBetter"):
        store.event_store().append(STREAM, [event], NoStream())
    assert texts(store) == []
