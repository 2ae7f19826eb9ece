"""Appends whose answers or requests get lost: no second copy, and no false conflict."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from application.errors import CommitOutcomeUnknown
from domain.consistency import Exact, ExpectedVersion, Loaded, NoStream, StreamId
from domain.errors import ConcurrencyConflict
from tests.events.samples import OPTIONS, Noted, noted
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import (
    Fault,
    answer_lost,
    connection_reset,
    not_connected,
    refused,
    request_lost,
)
from tests.stores import Store

STREAM = StreamId("Note", "1")
ATTEMPTS = 4
EVENTS = [("a",), ("a", "b", "c")]


@pytest.fixture
def faulty(make_faulty: Callable[[], Faulty]) -> Faulty:
    """An empty store behind a failing network that knows the event types of the tests."""
    made = make_faulty()
    return evolve(
        made,
        healthy=evolve(made.healthy, options=OPTIONS),
        store=evolve(made.store, options=OPTIONS),
    )


def texts(store: Store) -> list[str]:
    events = store.event_store().read(STREAM).events
    return [stored.event.text for stored in events if isinstance(stored.event, Noted)]


@pytest.mark.parametrize("events", EVENTS)
@pytest.mark.parametrize("expected", [Loaded(0), NoStream(), Exact(0)])
@pytest.mark.parametrize("fault", [answer_lost, connection_reset, request_lost, not_connected])
def test_an_append_happens_once(
    faulty: Faulty, events: tuple[str, ...], expected: ExpectedVersion, fault: Fault
) -> None:
    faulty.client.faults = [fault, fault]
    version = faulty.store.event_store().append(STREAM, noted(*events), expected)
    assert version == Loaded(len(events))
    assert texts(faulty.healthy) == list(events)


@pytest.mark.parametrize("events", EVENTS)
def test_an_append_that_others_built_upon_is_reported_as_committed(
    faulty: Faulty, events: tuple[str, ...]
) -> None:
    def build_upon() -> None:
        store = faulty.healthy.event_store()
        store.append(STREAM, noted("later"), store.version(STREAM))

    faulty.client.faults = [answer_lost]
    faulty.client.after_fault = build_upon
    faulty.store.event_store().append(STREAM, noted(*events), NoStream())
    assert texts(faulty.healthy) == [*events, "later"]


@pytest.mark.parametrize("events", EVENTS)
def test_an_append_that_others_came_before_is_refused(
    faulty: Faulty, events: tuple[str, ...]
) -> None:
    def come_first() -> None:
        faulty.healthy.event_store().append(STREAM, noted("theirs", "too"), NoStream())

    faulty.client.faults = [request_lost]
    faulty.client.after_fault = come_first
    with pytest.raises(ConcurrencyConflict) as caught:
        faulty.store.event_store().append(STREAM, noted(*events), NoStream())
    assert (caught.value.expected, caught.value.actual) == (0, 2)
    assert texts(faulty.healthy) == ["theirs", "too"]


@pytest.mark.parametrize("events", EVENTS)
def test_an_append_of_unknown_outcome_can_be_resumed_in_its_unit_of_work(
    faulty: Faulty, events: tuple[str, ...]
) -> None:
    faulty.client.faults = [answer_lost, *[request_lost] * (ATTEMPTS - 1)]
    with faulty.store.unit_of_work() as unit:
        unit.streams.append(STREAM, noted(*events), NoStream())
        with pytest.raises(CommitOutcomeUnknown):
            unit.commit()
        unit.commit()
    assert texts(faulty.healthy) == list(events)


@pytest.mark.parametrize("events", EVENTS)
def test_contention_is_no_conflict(faulty: Faulty, events: tuple[str, ...]) -> None:
    faulty.client.faults = [refused("TransactionConflictException")]
    assert faulty.store.event_store().append(STREAM, noted(*events), NoStream()).version
    assert texts(faulty.healthy) == list(events)
