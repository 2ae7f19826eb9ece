"""Tagged appends whose answers or requests get lost: no second copy, and no false refusal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from application.errors import CommitOutcomeUnknown
from domain.tagged_events import AppendConditionFailed, Query
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import (
    Fault,
    Send,
    answer_lost,
    connection_reset,
    contended,
    not_connected,
    request_lost,
)
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, note, texts

PLACES = 6
WRITERS = 8


@pytest.fixture
def faulty(make_faulty: Callable[[], Faulty]) -> Faulty:
    """An empty store behind a failing network that knows the event types of the tests."""
    made = make_faulty()
    return evolve(
        made,
        healthy=evolve(made.healthy, options=OPTIONS),
        store=evolve(made.store, options=OPTIONS),
    )


def stored(faulty: Faulty) -> list[str]:
    return texts(faulty.healthy.dcb_store().read(Query.of(BOOK)).events)


@pytest.mark.parametrize("is_conditional", [True, False])
@pytest.mark.parametrize(
    "fault", [answer_lost, connection_reset, request_lost, not_connected, contended]
)
def test_an_append_happens_once(faulty: Faulty, fault: Fault, is_conditional: bool) -> None:
    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK)).condition if is_conditional else None
    faulty.client.faults = [fault, fault]
    dcb.append([note("a", BOOK, PAGE), note("b", BOOK)], condition)
    assert stored(faulty) == ["a", "b"]
    assert faulty.healthy.dcb_store().count(Query.of(BOOK)) == 2


def test_every_attempt_of_a_request_bears_the_same_token(faulty: Faulty) -> None:
    faulty.client.faults = [request_lost, contended, answer_lost]
    faulty.store.dcb_store().append([note("a", BOOK)])
    requests = [request for operation, request in faulty.client.sent if "transact" in operation]
    assert len(requests) == 4
    assert all(request == requests[0] for request in requests)


def test_an_append_that_others_built_upon_is_reported_as_committed(faulty: Faulty) -> None:
    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK)).condition
    faulty.client.faults = [answer_lost]
    faulty.client.after_fault = partial(faulty.healthy.dcb_store().append, [note("later", BOOK)])
    dcb.append([note("a", BOOK)], condition)
    assert stored(faulty) == ["a", "later"]


def test_a_decision_that_others_came_before_is_refused(faulty: Faulty) -> None:
    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK)).condition
    faulty.client.faults = [request_lost]
    faulty.client.after_fault = partial(faulty.healthy.dcb_store().append, [note("theirs", BOOK)])
    with pytest.raises(AppendConditionFailed):
        dcb.append([note("a", BOOK)], condition)
    assert stored(faulty) == ["theirs"]


def test_an_append_that_others_came_before_for_no_matter_is_prepared_anew(faulty: Faulty) -> None:
    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK, PAGE)).condition
    faulty.client.faults = [request_lost]
    faulty.client.after_fault = partial(faulty.healthy.dcb_store().append, [note("theirs", BOOK)])
    dcb.append([note("a", BOOK)], condition)
    assert stored(faulty) == ["theirs", "a"]


def test_a_request_that_comes_late_does_nothing(faulty: Faulty) -> None:
    """The commit was prepared anew meanwhile: the first request is another one."""
    late: list[Send] = []

    def delayed(send: Send) -> Any:
        late.append(send)
        return request_lost(send)

    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK, PAGE)).condition
    faulty.client.faults = [delayed]
    faulty.client.after_fault = partial(faulty.healthy.dcb_store().append, [note("theirs", BOOK)])
    dcb.append([note("a", BOOK)], condition)
    with pytest.raises(Exception, match=r"IdempotentParameterMismatch|TransactionCanceled"):
        late[0]()
    assert stored(faulty) == ["theirs", "a"]


def test_an_append_without_an_answer_is_done_once_by_appending_it_again(faulty: Faulty) -> None:
    events = [note("a", BOOK, event_id="e-1")]
    dcb = faulty.store.dcb_store()
    condition = dcb.read(Query.of(BOOK)).condition
    faulty.client.faults = [answer_lost] * 4
    with pytest.raises(CommitOutcomeUnknown):
        dcb.append(events, condition)
    position = dcb.append(events, condition)
    (event,) = faulty.healthy.dcb_store().read(Query.of(BOOK)).events
    assert event.position == position
