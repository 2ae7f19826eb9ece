"""Deciding on events and appending, in memory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from application.append_decision import append_decision
from application.retry_on_conflict import MAX_ATTEMPTS
from domain.events import DomainEvent
from domain.tagged_events import AppendConditionFailed, Query, TaggedEvent
from tests.stores import Store, memory_store
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, note

QUERY = Query.of(BOOK)


@pytest.fixture
def store() -> Store:
    return evolve(memory_store(), options=OPTIONS)


def decide_next(store: Store, *others: TaggedEvent) -> Sequence[DomainEvent]:
    """Notes how many notes there are. Before each attempt is appended, one of the others is."""
    waiting = list(others)

    def decide(happened: Sequence[DomainEvent]) -> list[TaggedEvent]:
        if waiting:
            store.dcb_store().append([waiting.pop(0)])
        return [note(str(len(happened)), BOOK)]

    return append_decision(store.unit_of_work, store.dcb_store(), QUERY, decide)


def stored(store: Store) -> list[object]:
    return [each.event for each in store.dcb_store().read(QUERY).events]


def test_a_decision_follows_what_happened(store: Store) -> None:
    decide_next(store)

    history = decide_next(store)

    assert history == [note("0", BOOK).event, note("1", BOOK).event] == stored(store)


def test_a_decision_that_is_overtaken_is_made_anew(store: Store) -> None:
    assert decide_next(store, note("theirs", BOOK))[-1] == note("1", BOOK).event


def test_a_decision_is_not_made_anew_for_what_it_does_not_ask_for(store: Store) -> None:
    assert decide_next(store, note("theirs", PAGE)) == [note("0", BOOK).event]


def test_a_decision_that_is_always_overtaken_gives_up(store: Store) -> None:
    others = [note(str(n), BOOK) for n in range(MAX_ATTEMPTS)]

    with pytest.raises(AppendConditionFailed):
        decide_next(store, *others)
    assert stored(store) == [other.event for other in others]


def test_deciding_on_nothing_writes_nothing(store: Store) -> None:
    decide_next(store)

    assert append_decision(store.unit_of_work, store.dcb_store(), QUERY, lambda _: []) == [
        note("0", BOOK).event
    ]
    assert len(stored(store)) == 1
