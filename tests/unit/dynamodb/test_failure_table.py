"""The requests that count failures, and what becomes of them where the store does not answer."""

from __future__ import annotations

import pytest

from application.errors import Unreachable
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from tests.failures import LONGEST, add, fail, failure_table, limiter, window
from tests.stores import dynamodb_store
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, lost, sent

COUNTED = {"Attributes": {"failures": {"N": "2"}}}


def test_a_window_is_read_consistently() -> None:
    door = gateway({})

    assert window(DynamoDBFailureTable(door, "failures"), NOW) is None
    assert [request["ConsistentRead"] for _, request in sent(door)] == [True]


def test_a_window_begins_and_goes_on_with_a_write_each(moto_client: Client) -> None:
    store = dynamodb_store("moto", moto_client)
    table, latest = failure_table(store), NOW + LONGEST
    with store.meter.measure() as usage:
        counted = [table.add("key", 1, now=NOW, latest=latest, until=latest) for _ in range(3)]

    assert (counted, usage.requests) == ([1, 2, 3], 3)


def test_limiter_passes_on_that_the_store_does_not_answer() -> None:
    with pytest.raises(Unreachable):
        fail(limiter(DynamoDBFailureTable(gateway(lost()), "failures")), 1)


def test_answer_that_is_lost_is_asked_for_again() -> None:
    door = gateway(lost(), COUNTED)

    assert add(DynamoDBFailureTable(door, "failures"), NOW) == 2
    assert [operation for operation, _ in sent(door)] == ["update_item"] * 2


def test_failure_that_may_have_been_counted_is_told_as_not_counted() -> None:
    """Whoever is told that a change may have been applied would look for one."""
    with pytest.raises(Unreachable) as refused:
        add(DynamoDBFailureTable(gateway(lost()), "failures"), NOW)

    assert not refused.value.maybe_applied
    assert refused.value.attempts > 1
