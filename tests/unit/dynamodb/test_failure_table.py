"""What becomes of counting a failure where the store does not answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.errors import Unreachable
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from tests.times import NOW
from tests.unit.dynamodb.scripted import gateway, lost, sent

UNTIL = NOW + timedelta(seconds=30)
COUNTED = {"Attributes": {"failures": {"N": "2"}}}


def test_answer_that_is_lost_is_asked_for_again() -> None:
    door = gateway(lost(), COUNTED)

    assert DynamoDBFailureTable(door, "failures").add("key", 1, NOW, UNTIL) == 2
    assert [operation for operation, _ in sent(door)] == ["update_item"] * 2


def test_failure_that_may_have_been_counted_is_told_as_not_counted() -> None:
    """Whoever is told that a change may have been applied would look for one."""
    with pytest.raises(Unreachable) as refused:
        DynamoDBFailureTable(gateway(lost()), "failures").add("key", 1, NOW, UNTIL)

    assert not refused.value.maybe_applied
    assert refused.value.attempts > 1
