"""What happens when somebody else appends between two steps of a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from attrs import define, evolve

from application.ports.dcb_store import SequencedEvent
from domain.tagged_events import AppendCondition, AppendConditionFailed, GuardState, Query
from infrastructure.tagged_events.store import TableDcbStore
from infrastructure.tagged_events.table import TaggedEventTable
from tests.stores import Store
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, Noted, note, number, texts


@define
class Interrupted:
    """A table between whose steps others do something, once."""

    table: TaggedEventTable
    after_guards: Callable[[], object] = lambda: None
    after_rows: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def guards(self, names: Sequence[str]) -> Mapping[str, GuardState]:
        found = self.table.guards(names)
        self.after_guards, happens = lambda: None, self.after_guards
        happens()
        return found

    def rows(self, guard: str, **bounds: Any) -> Iterator[SequencedEvent]:
        found = list(self.table.rows(guard, **bounds))
        self.after_rows, happens = lambda: None, self.after_rows
        happens()
        return iter(found)


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


@pytest.fixture
def dcb(store: Store) -> TableDcbStore:
    return store.dcb_store()


def interrupted(store: Store, **steps: Callable[[], object]) -> TableDcbStore:
    """The same store, for somebody who is interrupted."""
    dcb, units = store.dcb_store(), store.unit_of_work
    table: Any = Interrupted(dcb.conditions.reader.table, **steps)
    reader = evolve(dcb.conditions.reader, table=table)
    units.conditions = evolve(dcb.conditions, reader=reader)
    return evolve(dcb, conditions=units.conditions, unit_of_work=units)


@pytest.mark.parametrize("step", ["after_guards", "after_rows"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_an_event_that_comes_during_a_read_is_not_seen_and_fails_its_condition(
    store: Store, dcb: TableDcbStore, step: str, newest_first: bool
) -> None:
    dcb.append([note("a", BOOK)])
    reading = interrupted(store, **{step: lambda: dcb.append([note("b", BOOK)])})
    decision = reading.read(Query.of(BOOK), backwards=newest_first)
    assert texts(decision.events) == ["a"]
    with pytest.raises(AppendConditionFailed):
        dcb.append([note("c", BOOK)], decision.condition)


@pytest.mark.parametrize("step", ["after_guards", "after_rows"])
def test_an_event_that_comes_while_a_condition_is_confirmed_fails_it(
    store: Store, dcb: TableDcbStore, step: str
) -> None:
    after = dcb.append([note("a", BOOK)])
    dcb.append([number(1, BOOK)])
    appending = interrupted(store, **{step: lambda: dcb.append([note("b", BOOK)])})
    with pytest.raises(AppendConditionFailed):
        appending.append([note("c", BOOK)], AppendCondition(Query.of(BOOK, types={Noted}), after))
    assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]


def test_an_event_that_a_read_saw_by_one_of_its_guards_does_not_fail_its_condition(
    dcb: TableDcbStore,
) -> None:
    """Two guards are not read at one moment: one can have an event that the other has not yet."""
    query = Query.of(BOOK) | Query.of(PAGE)
    before = dcb.read(query).condition.seen or {}
    dcb.append([note("a", BOOK, PAGE)])
    decision = dcb.read(query).condition
    torn = {**(decision.seen or {}), "TAG#page:7": before["TAG#page:7"]}
    dcb.append([note("b", BOOK)], AppendCondition(query, decision.after, torn))
    assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "b"]


def test_an_event_that_comes_before_a_commit_is_looked_at_and_its_positions_follow(
    store: Store,
) -> None:
    dcb = store.dcb_store()
    decision = dcb.read(Query.of(BOOK, PAGE))
    with store.unit_of_work() as unit:
        unit.tagged_events.append([note("c", BOOK, PAGE)], decision.condition)
        dcb.append([note("a", BOOK)])
        dcb.append([number(1, PAGE)])
        unit.commit()
    assert texts(dcb.read(Query.of(BOOK)).events) == ["a", "c"]
    positions = [event.position for event in dcb.read(Query.everything()).events]
    assert positions == sorted(positions)
    assert len(positions) == 3
