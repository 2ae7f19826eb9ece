"""Items of one transaction become visible one after the other: a guard before its newest row."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from application.errors import UnreadableState
from domain.tagged_events import AppendCondition, AppendConditionFailed, Query
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.tagged_events.store import TableDcbStore
from tests.stores import Store, on_dynamodb
from tests.tagged_events.samples import BOOK, OPTIONS, note, texts

pytestmark = on_dynamodb


@pytest.fixture
def dcb(store: Store) -> TableDcbStore:
    """Sees everything at once."""
    store.options = OPTIONS
    return store.dcb_store()


class Reluctant:
    """A client whose queries do not show the newest row, so many times: it is not visible yet."""

    def __init__(self, client: Any, times: int) -> None:
        self._client = client
        self._times = times

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        if self._times > 0 and answer["Items"]:
            self._times -= 1
            oldest_first = request["ScanIndexForward"]
            answer["Items"] = answer["Items"][:-1] if oldest_first else answer["Items"][1:]
        return answer


class Behind:
    """A client whose indexes do not show anything yet."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        return {**answer, "Items": []} if "IndexName" in request else answer


def reluctant(store: Store, times: int) -> TableDcbStore:
    """The same tables, read by somebody who sees the newest row late."""
    return seeing(store, Reluctant(store.gateway._client, times))


def seeing(store: Store, client: Any) -> TableDcbStore:
    assert isinstance(store.provider, DynamoDBProvider)
    gateway = Gateway(client, store.meter, RetryPolicy(), trust_read_units=False)
    dcb = evolve(store, provider=evolve(store.provider, gateway=gateway)).dcb_store()
    reader = evolve(dcb.conditions.reader, sleep=lambda _: None)
    return evolve(dcb, conditions=evolve(dcb.conditions, reader=reader))


@pytest.mark.parametrize("times", [1, 3])
def test_a_decision_waits_for_what_its_guard_counts(
    store: Store, dcb: TableDcbStore, times: int
) -> None:
    dcb.append([note("a", BOOK), note("b", BOOK)])
    assert texts(reluctant(store, times).read(Query.of(BOOK)).events) == ["a", "b"]


def test_a_decision_on_the_last_event_waits_for_it(store: Store, dcb: TableDcbStore) -> None:
    dcb.append([note("a", BOOK), note("b", BOOK)])
    last = reluctant(store, 1).read(Query.of(BOOK), backwards=True, limit=1)
    assert texts(last.events) == ["b"]


def test_a_decision_after_a_position_waits_for_the_newest(store: Store, dcb: TableDcbStore) -> None:
    first = dcb.append([note("a", BOOK)])
    dcb.append([note("b", BOOK)])
    assert texts(reluctant(store, 1).read(Query.of(BOOK), after=first).events) == ["b"]


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_condition_is_not_met_by_what_is_only_not_visible(
    store: Store, dcb: TableDcbStore, is_seen: bool
) -> None:
    condition = dcb.read(Query.of(BOOK)).condition
    dcb.append([note("a", BOOK)])
    condition = condition if is_seen else AppendCondition(Query.of(BOOK))
    with pytest.raises(AppendConditionFailed):
        reluctant(store, 1).append([note("b", BOOK)], condition)


def test_rows_that_never_come_are_told(store: Store, dcb: TableDcbStore) -> None:
    dcb.append([note("a", BOOK)])
    with pytest.raises(UnreadableState, match="TAG#book:1"):
        reluctant(store, 1000).read(Query.of(BOOK))


def test_a_decision_needs_no_index(store: Store, dcb: TableDcbStore) -> None:
    dcb.append([note("a", BOOK)])
    behind = seeing(store, Behind(store.gateway._client))
    assert texts(behind.read(Query.everything()).events) == []
    decision = behind.read(Query.of(BOOK))
    assert texts(decision.events) == ["a"]
    dcb.append([note("b", BOOK)])
    with pytest.raises(AppendConditionFailed):
        behind.append([note("c", BOOK)], decision.condition)
