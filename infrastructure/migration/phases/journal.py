"""The journal: who writes a key, and which of its sides is behind. One entry a key at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from attrs import evolve, field, frozen

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.dynamodb.mappers.timestamps import milliseconds
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction
from infrastructure.migration.phases.journal_entry import (
    Entry,
    Held,
    KeyBusy,
    entry_of,
    held_of,
    place_text,
)
from infrastructure.migration.phases.models import JournalModel
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.store import KeyLost
from infrastructure.migration.repository.item_writer import RefusedWith
from infrastructure.system.backoff import full_jitter

LEASE = timedelta(seconds=20)
"""How long a writer holds a key at most, before others may take it over."""

PATIENCE = 10.0
"""Seconds for which a writer waits for a key."""

_PAUSE, _LONGEST_PAUSE = 0.01, 0.5
_MAX_REASON = 500


@frozen(kw_only=True)
class Journal:
    """The journal of all tables. `name` is the physical table."""

    gateway: Gateway
    name: str
    clock: Clock
    ids: IdFactory
    lease: timedelta = LEASE
    patience: float = PATIENCE
    sleep: Callable[[float], None] = field(eq=False)

    def hold(self, table: str, key: Item, behind: Side) -> Held:
        """Takes the key, waiting for it. A new entry says that this side is `behind`.

        One that was there keeps what it says. Raises `KeyBusy`.
        """
        ends = self.gateway.retry.monotonic() + self.patience
        attempt = 1
        while (held := self.try_hold(table, key, behind)) is None:
            if self.gateway.retry.monotonic() >= ends:
                raise KeyBusy(table, key_text(key))
            self.sleep(full_jitter(attempt, _PAUSE, _LONGEST_PAUSE))
            attempt += 1
        return held

    def try_hold(self, table: str, key: Item, behind: Side) -> Held | None:
        """Takes the key, or None where another writer holds it."""
        token, now = self.ids.new_id(), self.clock.now()
        until = now + self.lease
        values: Item = {
            ":token": {"S": token},
            ":until": {"N": str(milliseconds(until))},
            ":now": {"N": str(milliseconds(now))},
            ":void": {"N": str(milliseconds(until + MAX_CLOCK_DIFFERENCE))},
            ":behind": {"S": behind.value},
            ":table": {"S": table},
            ":key": {"M": key},
        }
        update = (
            "SET #token = :token, leaseUntil = :until, behind = if_not_exists(behind, :behind), "
            "openedBy = if_not_exists(openedBy, :token), #table = :table, #key = :key"
        )
        condition = "attribute_not_exists(leaseUntil) OR leaseUntil <= :now OR leaseUntil > :void"
        request = self._request(table, key, update, condition, values)
        try:
            item = self.gateway.call("UpdateItem", {**request, "ReturnValues": "ALL_NEW"})
        except ConditionFailed as refused:
            # Sent again after a lost answer it meets what it wrote itself.
            if refused.old is None or refused.old["token"]["S"] != token:
                return None
            return held_of(refused.old)
        return held_of(item["Attributes"])

    def is_held(self, held: Held) -> bool:
        """Whether nobody has taken the key over."""
        entry = self.entry(held.table, held.key)
        return entry is not None and entry.token == held.token

    def turn(self, held: Held) -> Held | None:
        """Says that the other side is behind; both were equal. None where the key was lost."""
        values = {":behind": {"S": held.behind.other.value}}
        if not self._update(held, "SET behind = :behind REMOVE reason", values):
            return None
        return evolve(held, behind=held.behind.other, was_behind=False)

    def leave(self, held: Held, reason: str) -> None:
        """Gives the key back and leaves the entry, with why it is behind, unless it was lost."""
        values = {":reason": {"S": reason[:_MAX_REASON]}}
        self._update(held, "SET reason = :reason REMOVE leaseUntil", values)

    def remove(self, held: Held) -> None:
        """Removes the entry: both sides are equal. Unless the key was lost."""
        request = {"TableName": self.name, "Key": _place(held.table, held.key), **_is_ours(held)}
        try:
            self.gateway.call("DeleteItem", request)
        except ConditionFailed:
            return

    def guard(self, held: Held) -> ItemAction:
        """The action of a transaction that is refused, with `KeyLost`, once the key was lost."""
        return ItemAction(
            kind=ActionKind.CHECK,
            table=self.name,
            model=JournalModel(place_text(held.table, held.key)),
            condition=JournalModel.token == held.token,
            refusals=(RefusedWith(KeyLost(held.table, key_text(held.key))),),
        )

    def entry(self, table: str, key: Item) -> Entry | None:
        """What the journal says of a key."""
        place = _place(table, key)
        request = {"TableName": self.name, "Key": place, "ConsistentRead": True}
        item = self.gateway.call("GetItem", request).get("Item")
        return None if item is None else entry_of(item, self.clock.now())

    def pages(self, table: str) -> Iterator[list[Entry]]:
        """All entries of a table, held or not, in pages, in no order.

        Reads the entries of the other tables, too. Strongly consistent: what was there before
        and is there afterwards, is found.
        """
        request = {
            "TableName": self.name,
            "ConsistentRead": True,
            "FilterExpression": "#table = :table",
            "ExpressionAttributeNames": {"#table": "table"},
            "ExpressionAttributeValues": {":table": {"S": table}},
        }
        for page in pages(self.gateway, "Scan", request):
            yield [entry_of(item, self.clock.now()) for item in page]

    def _update(self, held: Held, update: str, values: Item) -> bool:
        owned = {**values, ":token": {"S": held.token}}
        request = self._request(held.table, held.key, update, "#token = :token", owned)
        try:
            self.gateway.call("UpdateItem", request)
        except ConditionFailed:
            return False
        return True

    def _request(
        self, table: str, key: Item, update: str, condition: str, values: Item
    ) -> dict[str, Any]:
        names = {"#token": "token", "#table": "table", "#key": "key"}
        return {
            "TableName": self.name,
            "Key": _place(table, key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {
                short: name for short, name in names.items() if short in update + condition
            },
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _place(table: str, key: Item) -> Item:
    return {"pk": {"S": place_text(table, key)}}


def _is_ours(held: Held) -> dict[str, Any]:
    return {
        "ConditionExpression": "#token = :token",
        "ExpressionAttributeNames": {"#token": "token"},
        "ExpressionAttributeValues": {":token": {"S": held.token}},
    }
