"""Sixteen writers on one stream, round after round, in lockstep and staggered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from domain.consistency import Exact, Loaded, StreamId
from domain.errors import ConcurrencyConflict
from tests.events.samples import OPTIONS, Noted, noted
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store

pytestmark = pytest.mark.race

STREAM = StreamId("Note", "1")


@pytest.fixture
def store(racing_store: Store) -> Store:
    """An empty store that is honest under threads and knows the event types of the tests."""
    return evolve(racing_store, options=OPTIONS)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
@pytest.mark.parametrize(("expectation", "events"), [(Loaded, 1), (Loaded, 2), (Exact, 2)])
def test_one_of_many_appends_after_a_version(
    store: Store, start: Start, expectation: type[Loaded | Exact], events: int
) -> None:
    written: list[str] = []
    for number in range(rounds_on(store)):
        before = number * events

        def append(writer: int, ready: Callable[[], None], before: int = before) -> list[str]:
            texts = [f"{before} by {writer}, {n}" for n in range(events)]
            ready()
            store.event_store().append(STREAM, noted(*texts), expectation(before))
            return texts

        outcomes = race(append, start)
        conflicts = [outcome for outcome in outcomes if isinstance(outcome, ConcurrencyConflict)]
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        assert {(c.expected, c.actual) for c in conflicts} == {(before, before + events)}
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, list))
        written += winner
    stored = store.event_store().read(STREAM).events
    assert [event.version for event in stored] == list(range(1, len(written) + 1))
    assert [e.event.text for e in stored if isinstance(e.event, Noted)] == written
