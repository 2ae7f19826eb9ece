"""Writers of either layout on one stream, round after round, in lockstep and staggered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from domain.consistency import Loaded, StreamId
from domain.errors import ConcurrencyConflict
from tests.events.layouts import in_layout
from tests.events.samples import OPTIONS, Noted, noted
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store

pytestmark = pytest.mark.race

STREAM = StreamId("Note", "1")
EVENTS = 2


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_appends_after_a_version_whatever_their_layouts(
    racing_store: Store, start: Start
) -> None:
    store = evolve(racing_store, options=OPTIONS)
    layouts = [in_layout(store, packed=packed).event_store() for packed in (False, True)]
    written: list[str] = []
    for number in range(rounds_on(store)):
        before = number * EVENTS

        def append(writer: int, ready: Callable[[], None], before: int = before) -> list[str]:
            texts = [f"{before} by {writer}, {n}" for n in range(EVENTS)]
            ready()
            layouts[writer % 2].append(STREAM, noted(*texts), Loaded(before))
            return texts

        outcomes = race(append, start)
        conflicts = [outcome for outcome in outcomes if isinstance(outcome, ConcurrencyConflict)]
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        assert {(c.expected, c.actual) for c in conflicts} == {(before, before + EVENTS)}
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, list))
        written += winner
    stored = store.event_store().read(STREAM).events
    assert [event.version for event in stored] == list(range(1, len(written) + 1))
    assert [e.event.text for e in stored if isinstance(e.event, Noted)] == written
