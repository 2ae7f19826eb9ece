"""The inbox in a DynamoDB table."""

from __future__ import annotations

from attrs import frozen
from typing_extensions import override

from application.ports.inbox import MessageAlreadyHandled
from domain.errors import Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.timestamps import timestamp_text
from infrastructure.dynamodb.mappers.writing import is_new
from infrastructure.dynamodb.models.inbox import InboxModel
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.outbox.inbox import InboxTable, ProcessedMessage


@frozen
class _ProcessedRefusal(Refusal):
    """Of the condition that a consumer has not processed a message."""

    processed: ProcessedMessage

    @override
    def error(self, old: Item | None) -> Conflict | None:
        """`MessageAlreadyHandled` where it has."""
        if old is None:
            return None
        return MessageAlreadyHandled(self.processed.consumer, self.processed.message_id)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by the commit that remembered it."""
        if old is None:
            return Verdict.UNKNOWN
        return Verdict.APPLIED if old["commitId"]["S"] == commit_id else Verdict.REFUSED


@frozen
class DynamoDBInboxTable(InboxTable):
    """Processed messages. `name` is the physical table."""

    _gateway: Gateway
    _name: str

    @override
    def has(self, key: str) -> bool:
        request = {"TableName": self._name, "Key": {"id": {"S": key}}, "ConsistentRead": True}
        return "Item" in self._gateway.call("GetItem", request)

    @override
    def put(self, processed: ProcessedMessage, commit_id: str) -> ItemAction:
        return ItemAction(
            kind=ActionKind.PUT,
            table=self._name,
            model=InboxModel(
                id=processed.key,
                consumer=processed.consumer,
                message_id=processed.message_id,
                handled_at=timestamp_text(processed.at),
                commit_id=commit_id,
                ttl=processed.expires,
            ),
            condition=is_new(InboxModel),
            refusals=(_ProcessedRefusal(processed),),
            # Removed long after the last attempt: one applied once is found by every later one.
            repeatable=True,
        )
