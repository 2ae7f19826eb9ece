"""The inbox in a DynamoDB table."""

from __future__ import annotations

from attrs import frozen

from application.errors import MessageAlreadyHandled
from domain.errors import Conflict
from infrastructure.dynamodb.actions import Action, Kind, Verdict
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.moments import moment_text
from infrastructure.inbox import Receipt


@frozen
class _ReceiptOwner:
    """Owns the condition that a consumer has not handled a message."""

    receipt: Receipt

    def error(self, old: Item | None) -> Conflict | None:
        """`MessageAlreadyHandled` where a receipt is there."""
        if old is None:
            return None
        return MessageAlreadyHandled(self.receipt.consumer, self.receipt.message_id)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by the commit that wrote the receipt."""
        if old is None:
            return Verdict.UNKNOWN
        return Verdict.APPLIED if old["commitId"]["S"] == commit_id else Verdict.REFUSED


@frozen
class DynamoDBInboxTable:
    """Implements `InboxTable`. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    def has(self, key: str) -> bool:
        """See `InboxTable`."""
        request = {"TableName": self._name, "Key": {"id": {"S": key}}, "ConsistentRead": True}
        return "Item" in self._gateway.call("GetItem", request)

    def put(self, receipt: Receipt, commit_id: str) -> Action:
        """See `InboxTable`."""
        return Action(
            kind=Kind.PUT,
            table=InboxModel.Meta.table_name,
            model=InboxModel(
                id=receipt.key,
                consumer=receipt.consumer,
                message_id=receipt.message_id,
                handled_at=moment_text(receipt.at),
                commit_id=commit_id,
                ttl=receipt.expires,
            ),
            condition=InboxModel.id.does_not_exist(),
            owners=(_ReceiptOwner(receipt),),
            # Removed long after the last attempt: one applied once is found by every later one.
            repeatable=True,
        )
