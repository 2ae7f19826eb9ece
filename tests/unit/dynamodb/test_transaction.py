"""One commit as one request: its limits and its shape."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from application.errors import (
    CommitOutcomeUnknown,
    InvalidItem,
    ItemWrittenTwice,
    LimitExceeded,
)
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from infrastructure.memory.database import MemoryAction
from tests.unit.dynamodb.scripted import (
    gateway,
    lost,
    not_sent,
    refusal,
    sent,
)
from tests.unit.dynamodb.things import (
    Refusal,
    check,
    sent_items,
    transaction,
    write,
)


class Pair(Model):
    class Meta:
        table_name = "pairs"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


def test_several_actions_go_in_order_as_one_transaction_with_the_commit_id_as_its_token() -> None:
    door = gateway({})

    transaction(
        door,
        write("b"),
        write("a", kind=ActionKind.DELETE),
        write("d", kind=ActionKind.UPDATE),
        check("c", Refusal("c")),
    ).commit()

    assert [(kind, _id(action)) for kind, action in sent_items(door)] == [
        *(("Put", "b"), ("Delete", "a"), ("Update", "d"), ("ConditionCheck", "c")),
    ]
    assert sent(door)[0][1]["ClientRequestToken"] == "commit-1"


def test_commit_that_was_answered_is_not_sent_again() -> None:
    door = gateway({})
    subject = transaction(door, write("a"), write("b"))

    subject.commit()
    subject.commit()

    assert len(sent(door)) == 1


def test_two_actions_are_a_transaction_also_where_each_could_be_repeated() -> None:
    door = gateway({})

    transaction(door, write("a", repeatable=True), write("b", repeatable=True)).commit()

    assert [_id(action) for _, action in sent_items(door)] == ["a", "b"]


def test_action_of_another_provider_is_refused() -> None:
    with pytest.raises(TypeError, match="DynamoDB takes no MemoryAction"):
        DynamoDBTransaction(gateway({}), "commit-1", [MemoryAction("things", "a", None)])


def test_tables_go_by_their_physical_names() -> None:
    door = gateway({})

    transaction(door, write("a"), write("b")).commit()

    assert [action["TableName"] for _, action in sent_items(door)] == ["test-things"] * 2


def test_conditions_ask_for_the_item_that_does_not_meet_them_and_nothing_else_does() -> None:
    door = gateway({})

    transaction(door, write("a", Refusal("a")), write("b"), check("c", Refusal("c"))).commit()

    asked = [action.get("ReturnValuesOnConditionCheckFailure") for _, action in sent_items(door)]
    assert asked == ["ALL_OLD", None, "ALL_OLD"]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (ActionKind.PUT, "put_item"),
        (ActionKind.UPDATE, "update_item"),
        (ActionKind.DELETE, "delete_item"),
    ],
)
def test_single_repeatable_action_goes_as_a_plain_write(kind: ActionKind, method: str) -> None:
    door = gateway({})

    transaction(door, write("a", Refusal("a"), kind=kind, repeatable=True)).commit()

    ((sent_method, request),) = sent(door)
    assert sent_method == method
    assert request["TableName"] == "test-things"
    assert request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    assert "ClientRequestToken" not in request


@pytest.mark.parametrize("kind", [ActionKind.PUT, ActionKind.DELETE])
def test_single_creation_or_removal_goes_as_a_transaction_with_its_token(kind: ActionKind) -> None:
    door = gateway({})

    transaction(door, write("a", Refusal("a"), kind=kind)).commit()

    assert [sent_kind for sent_kind, _ in sent_items(door)] == [kind.value]
    assert sent(door)[0][1]["ClientRequestToken"] == "commit-1"


@pytest.mark.parametrize("repeatable", [True, False])
def test_every_attempt_sends_an_identical_request(repeatable: bool) -> None:
    door = gateway(lost(), refusal("TransactionConflictException"), not_sent(), lost())
    subject = transaction(door, write("a", Refusal("a"), repeatable=repeatable))

    for _ in range(2):
        with pytest.raises(CommitOutcomeUnknown):
            subject.commit()

    requests = sent(door)
    assert requests == [requests[0]] * 8


def test_hundred_actions_are_taken() -> None:
    door = gateway({})

    transaction(door, *[write(str(n)) for n in range(100)]).commit()

    assert len(sent_items(door)) == 100


def test_more_actions_are_refused_and_nothing_is_sent() -> None:
    door = gateway({})

    with pytest.raises(LimitExceeded) as exceeded:
        transaction(door, *[write(str(n)) for n in range(101)])

    assert exceeded.value.args == ("actions in one commit", 101, 100, "actions", "")
    assert sent(door) == []


def test_actions_are_counted_after_checks_were_merged() -> None:
    door = gateway({})
    actions = [write(str(n)) for n in range(100)]

    transaction(door, *actions, check("7", Refusal("7"))).commit()

    assert len(sent_items(door)) == 100


def test_four_megabytes_are_one_transaction() -> None:
    door = gateway({})
    names_and_keys = 16 * len("id" + "text") + len("0123456789101112131415")
    others = [write(str(n), text="x" * 262_144) for n in range(1, 16)]

    transaction(door, write("0", text="x" * (262_144 - names_and_keys)), *others).commit()

    assert len(sent_items(door)) == 16


def test_more_than_four_megabytes_are_refused_with_their_size_and_nothing_is_sent() -> None:
    door = gateway({})
    megabyte_in_four = [write(str(n), text="x" * 262_144) for n in range(16)]

    with pytest.raises(LimitExceeded) as exceeded:
        transaction(door, *megabyte_in_four)

    names_and_keys = 16 * len("id" + "text") + len("0123456789101112131415")
    assert exceeded.value.args == (
        *("size of one commit", 4_194_304 + names_and_keys, 4_194_304, "bytes", ""),
    )
    assert sent(door) == []


def test_item_that_is_too_large_is_refused_and_nothing_is_sent() -> None:
    door = gateway({})

    with pytest.raises(LimitExceeded, match="item size"):
        transaction(door, write("a", text="x" * 409_600))

    assert sent(door) == []


def test_item_that_cannot_be_stored_is_refused_and_nothing_is_sent() -> None:
    door = gateway({})

    with pytest.raises(InvalidItem) as invalid:
        transaction(door, write("a"), write("b", text="\ud800"))

    assert (invalid.value.table, invalid.value.key, invalid.value.attribute) == (
        *("test-things", "id=b", "text"),
    )
    assert sent(door) == []


@pytest.mark.parametrize("second", [ActionKind.PUT, ActionKind.DELETE, ActionKind.UPDATE])
def test_item_written_twice_is_refused_and_nothing_is_sent(second: ActionKind) -> None:
    door = gateway({})

    with pytest.raises(ItemWrittenTwice) as twice:
        transaction(door, write("a"), write("b"), write("a", kind=second))

    assert twice.value.args == ("test-things", "id=a")
    assert sent(door) == []


def test_items_whose_keys_read_alike_are_different_items() -> None:
    door = gateway({})
    keys = [("a, sk=b", "c"), ("a", "b, sk=c")]

    transaction(
        door,
        *[
            ItemAction(kind=ActionKind.PUT, table="pairs", model=Pair(pk=pk, sk=sk))
            for pk, sk in keys
        ],
    ).commit()

    assert len(sent_items(door)) == 2


@pytest.mark.parametrize("check_first", [True, False])
def test_check_of_a_written_item_becomes_part_of_the_write(check_first: bool) -> None:
    door = gateway({})
    actions = [check("a", Refusal("check")), write("a", Refusal("write"))]

    transaction(door, *(actions if check_first else actions[::-1]), write("b")).commit()

    (kind, put), _ = sent_items(door)
    assert kind == "Put"
    assert " AND " in put["ConditionExpression"]
    assert "attribute_not_exists" in put["ConditionExpression"]
    assert put["ExpressionAttributeValues"] == {":0": {"N": "1"}}


def test_checked_write_without_a_condition_takes_that_of_the_check() -> None:
    door = gateway({})

    transaction(door, write("a"), check("a", Refusal("check")), write("b")).commit()

    assert sent_items(door)[0][1]["ConditionExpression"] == "#0 = :0"


def test_several_checks_of_one_item_become_one() -> None:
    door = gateway({})

    transaction(
        door,
        check("a", Refusal("one")),
        check("a", Refusal("other"), size=2),
        write("b"),
    ).commit()

    assert [kind for kind, _ in sent_items(door)] == ["ConditionCheck", "Put"]


def test_repeatable_write_with_a_merged_check_stays_a_plain_write() -> None:
    door = gateway({})

    transaction(
        door, check("a", Refusal("check")), write("a", Refusal("w"), repeatable=True)
    ).commit()

    assert [method for method, _ in sent(door)] == ["put_item"]


def _id(action: dict[str, Any]) -> str:
    item = action.get("Item") or action["Key"]
    return str(item["id"]["S"])
