"""The side of the target: items of one table, written only by whoever holds their key."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from typing_extensions import override

from application.ports.ids import IdFactory
from infrastructure.dynamodb.gateway.errors import TransactionCancelled
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.contract import Table
from infrastructure.migration.phases.store import Change, Fence, KeyLost, Store

_NOT_MET = "ConditionalCheckFailed"


@frozen(kw_only=True)
class TargetTable(Store):
    """The items of a contract's table. `name` is the physical one."""

    gateway: Gateway
    name: str
    table: Table
    ids: IdFactory

    @override
    def read(self, key: Item) -> Item | None:
        request = {"TableName": self.name, "Key": key, "ConsistentRead": True}
        item: Item | None = self.gateway.call("GetItem", request).get("Item")
        return item

    @override
    def read_last(self, key: Item) -> Item | None:
        """See `Store`. Earlier holders have lost their token: what they send is refused."""
        return self.read(key)

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        present = self.read(key)
        wanted = change(present)
        if wanted != present:
            self._write(key, [fence.action, self._action(key, wanted)])

    def _action(self, key: Item, wanted: Item | None) -> dict[str, Any]:
        if wanted is None:
            return {"Delete": {"TableName": self.name, "Key": key}}
        return {"Put": {"TableName": self.name, "Item": wanted}}

    def _write(self, key: Item, actions: list[Any]) -> None:
        request = {"TransactItems": actions, "ClientRequestToken": self.ids.new_id()}
        try:
            self.gateway.call("TransactWriteItems", request)
        except TransactionCancelled as refused:
            if refused.maybe_applied or refused.cancellation[0].code != _NOT_MET:
                raise
            raise KeyLost(self.table.name, key_text(key)) from refused
