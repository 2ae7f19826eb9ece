"""The inbox in a DynamoDB table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen
from pynamodb.expressions.condition import Condition
from typing_extensions import override

from application.ports.inbox import MessageAlreadyHandled, Receipt
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
        """`MessageAlreadyHandled` where it has, unless that is over."""
        if old is None or _is_over(old, self.processed.at):
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
        return self._get(key) is not None

    @override
    def receipt(self, key: str, at: datetime) -> Receipt | None:
        item = self._get(key)
        if item is None or "answer" not in item or _is_over(item, at):
            return None
        return Receipt(fingerprint=item["fingerprint"]["S"], answer=bytes(item["answer"]["B"]))

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
                **_kept(processed.receipt),
            ),
            condition=_is_free(processed),
            refusals=(_ProcessedRefusal(processed),),
            # Removed long after the last attempt: one applied once is found by every later one.
            repeatable=True,
        )

    def _get(self, key: str) -> Item | None:
        request = {"TableName": self._name, "Key": {"id": {"S": key}}, "ConsistentRead": True}
        return self._gateway.call("GetItem", request).get("Item")


def _kept(receipt: Receipt | None) -> dict[str, Any]:
    if receipt is None:
        return {}
    return {"fingerprint": receipt.fingerprint, "answer": receipt.answer}


def _is_free(processed: ProcessedMessage) -> Condition:
    if processed.receipt is None:
        return is_new(InboxModel)
    # What has expired is removed by the service within days, not at once.
    is_over = InboxModel.answer.exists() & (InboxModel.ttl <= processed.at)
    free: Condition = is_new(InboxModel) | is_over
    return free


def _is_over(item: Item, at: datetime) -> bool:
    return "answer" in item and int(item["ttl"]["N"]) <= int(at.timestamp())
