"""Actions on simple things, each with an owner that tells who refused."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from domain.errors import Conflict
from infrastructure.dynamodb.actions import Action, Kind, Verdict
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.tables import Tables
from infrastructure.dynamodb.transaction import Transaction
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
    """The error of an owner."""

    by: str


@frozen
class Owner:
    """Owns a condition. `content` says that the item found meets it."""

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
    *owners: Owner,
    kind: Kind = Kind.PUT,
    condition: Condition | None = None,
    repeatable: bool = False,
    text: str | None = None,
) -> Action:
    """An action on one thing; with owners it has a condition."""
    if owners and condition is None:
        condition = Thing.id.does_not_exist()
    return Action(
        kind=kind,
        table="things",
        model=Thing(id=id, text=text),
        condition=condition,
        owners=owners,
        updates=[Thing.size.set(1)] if kind is Kind.UPDATE else (),
        repeatable=repeatable,
    )


def check(id: str, *owners: Owner, size: int = 1) -> Action:
    return write(id, *owners, kind=Kind.CHECK, condition=Thing.size == size)


def transaction(door: Gateway, *actions: Action) -> Transaction:
    return Transaction(door, Tables("test-"), "commit-1", actions)


def sent_items(door: Gateway) -> list[tuple[str, dict[str, Any]]]:
    """The actions of the one transaction that was sent."""
    ((method, request),) = sent(door)
    assert method == "transact_write_items"
    return [next(iter(item.items())) for item in request["TransactItems"]]


# What is sent
