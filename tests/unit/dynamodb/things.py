"""Actions on simple things, each with a refusal that tells which one it was."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from domain.errors import Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Verdict
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from tests.unit.dynamodb.scripted import (
    refusal,
    sent,
)

OLD: Item = {"id": {"S": "old"}}
FAILED = {"Code": "ConditionalCheckFailed", "Item": OLD}


CONDITION_FAILED = refusal("ConditionalCheckFailedException", Item=OLD)


class Thing(Model):
    class Meta:
        table_name = "things"

    id = UnicodeAttribute(hash_key=True)
    text = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)


@frozen
class Refused(Conflict):
    """The error of a refusal."""

    by: str


@frozen
class Refusal:
    """Of a condition. `content` says that the item found meets it."""

    name: str
    content: bool = False
    verdict_: Verdict = Verdict.REFUSED

    def error(self, old: Item | None) -> Conflict | None:
        assert old == OLD
        return None if self.content else Refused(self.name)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        return self.verdict_


def write(
    id: str,
    *refusals: Refusal,
    kind: ActionKind = ActionKind.PUT,
    condition: Condition | None = None,
    repeatable: bool = False,
    text: str | None = None,
) -> ItemAction:
    """An action on one thing; with refusals it has a condition."""
    if refusals and condition is None:
        condition = Thing.id.does_not_exist()
    return ItemAction(
        kind=kind,
        table="test-things",
        model=Thing(id=id, text=text),
        condition=condition,
        refusals=refusals,
        updates=[Thing.size.set(1)] if kind is ActionKind.UPDATE else (),
        repeatable=repeatable,
    )


def check(id: str, *refusals: Refusal, size: int = 1) -> ItemAction:
    return write(id, *refusals, kind=ActionKind.CHECK, condition=Thing.size == size)


def transaction(door: Gateway, *actions: ItemAction) -> DynamoDBTransaction:
    return DynamoDBTransaction(door, "commit-1", actions)


def sent_items(door: Gateway) -> list[tuple[str, dict[str, Any]]]:
    """The actions of the one transaction that was sent."""
    ((method, request),) = sent(door)
    assert method == "transact_write_items"
    return [next(iter(item.items())) for item in request["TransactItems"]]
