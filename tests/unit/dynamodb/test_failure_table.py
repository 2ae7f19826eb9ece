"""What becomes of counting a failure where the store does not answer."""

from __future__ import annotations

import pytest

from application.errors import Unreachable
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from tests.failures import add
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, lost, sent

COUNTED = {"Attributes": {"failures": {"N": "2"}}}


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
