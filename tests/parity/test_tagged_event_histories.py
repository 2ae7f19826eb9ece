"""Random histories of decisions, against a list of events that tells what must become of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from attrs import define, evolve, field, frozen

from domain.tagged_events import (
    AppendCondition,
    AppendConditionFailed,
    Query,
    QueryItem,
    Tag,
    TaggedEvent,
)
from infrastructure.tagged_events.store import TableDcbStore
from tests.stores import Store
from tests.tagged_events.samples import OPTIONS, Noted, Numbered, note, number

TAGS = [Tag(f"tag:{n}") for n in range(4)]
STEPS = 50

# Not on moto: a transaction costs it a copy of the table.
on_all = pytest.mark.parametrize(
    "make_store",
    [
        "memory",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ],
    indirect=True,
)


@frozen
class Decision:
    """A query, the condition that a read of it gave, and how many events there were then."""

    query: Query
    condition: AppendCondition
    seen: int


@define
class Model:
    """Every event that was appended, in the order of the commits."""

    events: list[TaggedEvent] = field(factory=list)

    def matching(self, query: Query, since: int = 0) -> list[TaggedEvent]:
        return [
            event for event in self.events[since:] if any(matches(i, event) for i in query.items)
        ]


def matches(item: QueryItem, event: TaggedEvent) -> bool:
    is_of_type = not item.types or type(event.event) in item.types
    return is_of_type and item.tags <= set(event.tags)


def some_query(chance: random.Random) -> Query:
    """One that guards stand for: a tag or more, with or without types, or a guarded type."""
    items = []
    for _ in range(chance.randint(1, 3)):
        tags = frozenset(chance.sample(TAGS, chance.choice([0, 1, 1, 2])))
        types = chance.choice([frozenset(), frozenset({Noted}), frozenset({Numbered})])
        items.append(QueryItem(types if tags else frozenset({Numbered}), tags))
    return Query(tuple(items))


def some_events(chance: random.Random, step: int) -> list[TaggedEvent]:
    events = []
    for n in range(chance.randint(1, 3)):
        tags = chance.sample(TAGS, chance.randint(0, 3))
        is_note = chance.random() < 0.5
        events.append(note(f"{step}/{n}", *tags) if is_note else number(10 * step + n, *tags))
    return events


def happened(events: Sequence[TaggedEvent]) -> list[object]:
    return [event.event for event in events]


def appended(dcb: TableDcbStore, events: list[TaggedEvent], condition: AppendCondition) -> bool:
    try:
        dcb.append(events, condition)
    except AppendConditionFailed:
        return False
    return True


@on_all
@pytest.mark.parametrize("seed", range(3))
def test_what_becomes_of_a_decision_is_what_happened_since(
    make_store: Callable[[], Store], seed: int
) -> None:
    dcb = evolve(make_store(), options=OPTIONS).dcb_store()
    chance, model, decisions = random.Random(seed), Model(), list[Decision]()
    for step in range(STEPS):
        query = some_query(chance)
        read = dcb.read(query)
        assert [event.event for event in read.events] == happened(model.matching(query))
        decisions.append(Decision(query, read.condition, len(model.events)))
        events = some_events(chance, step)
        decision = chance.choice(decisions[-10:])
        if chance.random() < 0.3:
            dcb.append(events)
        else:
            is_overtaken = bool(model.matching(decision.query, decision.seen))
            assert appended(dcb, events, decision.condition) is not is_overtaken
            if is_overtaken:
                continue
        model.events += events
    everything = dcb.read(Query.everything()).events
    assert [event.event for event in everything] == happened(model.events)
    for tag in TAGS:
        assert dcb.count(Query.of(tag)) == len(model.matching(Query.of(tag)))
