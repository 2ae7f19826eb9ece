"""The outbox in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from random import sample
from typing import Any
from zlib import crc32

from attrs import frozen
from pynamodb.expressions.update import Action as UpdateAction

from application.errors import KeyTakenOver, MessageAlreadyAdded, MessageNotFound, NotDeadLettered
from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import Conflict
from infrastructure.dynamodb.actions import Action, Kind, Verdict
from infrastructure.dynamodb.batch import batch_delete, batch_get
from infrastructure.dynamodb.errors import ConditionFailed
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.outbox import OUTBOX, KeyHeadModel, OutboxModel
from infrastructure.dynamodb.moments import milliseconds, moment_text
from infrastructure.dynamodb.outbox_items import (
    to_busy,
    to_lease,
    to_model,
    to_outstanding,
    to_stored,
)
from infrastructure.outbox import HEAD, PAGE, Outstanding, Published, Queue


@frozen
class _Owner:
    """Owns the condition of one message or head; `refused` makes its error from what is there."""

    refused: Callable[[Item | None], Conflict | None]

    def error(self, old: Item | None) -> Conflict | None:
        """See `Owner`."""
        return self.refused(old)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A message that the commit added proves it; other changes leave no trace of theirs."""
        added = old is not None and old.get("commitId") == {"S": commit_id}
        return Verdict.APPLIED if added else Verdict.UNKNOWN


@frozen
class _Holder:
    """Owns the condition of a head whose lease is ended."""

    lease: KeyLease

    def error(self, old: Item | None) -> Conflict | None:
        """See `Owner`."""
        return KeyTakenOver(self.lease.ordering_key, self.lease.owner)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Nothing but its end takes the owner from a lease and leaves its token.

        Of a lease that was followed by another one nobody needs to know how it ended.
        """
        is_last = old is not None and int(old["token"]["N"]) == self.lease.token
        is_ended = old is not None and "owner" not in old
        return Verdict.APPLIED if is_last and is_ended else Verdict.REFUSED


class DynamoDBOutboxTable:
    """Implements `OutboxTable`. `name` is the physical table.

    The index is spread over `shards` partitions, by ordering key; never fewer than before.
    """

    def __init__(self, gateway: Gateway, name: str, shards: int = 1) -> None:
        self._gateway = gateway
        self._name = name
        self._shards = shards

    def put(self, message: OutboxMessage, commit_id: str) -> Action:
        """See `OutboxTable`."""
        outstanding = self._queue(Queue.PENDING, message.ordering_key)
        refused = MessageAlreadyAdded(message.ordering_key, message.message_id or "")
        return Action(
            kind=Kind.PUT,
            table=OUTBOX,
            model=to_model(message, outstanding=outstanding, commit_id=commit_id),
            condition=OutboxModel.pk.does_not_exist(),
            owners=(_Owner(lambda old: None if old is None else refused),),
        )

    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> Action:
        """See `OutboxTable`."""
        model = OutboxModel
        return self._update(
            key,
            model.is_published.set(True),
            model.published_at.set(model.published_at | moment_text(at)),
            model.ttl.set(model.ttl | expires),
            model.outstanding.remove(),
            model.dead_lettered_at.remove(),
        )

    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> Action:
        """See `OutboxTable`."""
        model = OutboxModel
        updates = [model.retry_count.set(model.retry_count + 1), model.last_error.set(error)]
        if dead_at is not None:
            updates += [
                model.dead_lettered_at.set(moment_text(dead_at)),
                model.outstanding.set(self._queue(Queue.DEAD, key.ordering_key)),
            ]
        return self._update(key, *updates)

    def revive(self, key: MessageKey) -> Action:
        """See `OutboxTable`."""
        model = OutboxModel

        def refused(old: Item | None) -> Conflict | None:
            if old is None:
                return MessageNotFound(key.ordering_key, key.message_id)
            if "deadLetteredAt" not in old or "publishedAt" in old:
                return NotDeadLettered(key.ordering_key, key.message_id)
            return None

        return Action(
            kind=Kind.UPDATE,
            table=OUTBOX,
            model=OutboxModel(key.ordering_key, key.message_id),
            condition=model.dead_lettered_at.exists() & model.published_at.does_not_exist(),
            owners=(_Owner(refused),),
            updates=[
                model.outstanding.set(self._queue(Queue.PENDING, key.ordering_key)),
                model.retry_count.set(0),
                model.dead_lettered_at.remove(),
            ],
        )

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        """See `OutboxTable`. Costs a write unit also where the key is busy."""
        model = KeyHeadModel
        moment = milliseconds(now)
        is_free = model.owner.does_not_exist() | (model.lease_until <= moment)
        is_due = model.next_attempt.does_not_exist() | (model.next_attempt <= moment)
        request = KeyHeadModel(ordering_key, HEAD).get_update_kwargs_from_instance(
            [
                model.owner.set(owner),
                model.lease_until.set(milliseconds(until)),
                model.token.set((model.token | 0) + 1),
                model.ttl.set(expires),
            ],
            (is_free | (model.owner == owner)) & is_due,
            "ALL_OLD",
        )
        request |= {"TableName": self._name, "ReturnValues": "ALL_NEW"}
        try:
            answer = self._gateway.call("UpdateItem", request)
        except ConditionFailed as refused:
            return to_busy(refused.old, now)
        return to_lease(answer["Attributes"], until)

    def release(
        self, lease: KeyLease, *, next_attempt: datetime | None, expires: datetime
    ) -> Action:
        """See `OutboxTable`."""
        model = KeyHeadModel
        updates: list[UpdateAction] = [
            model.owner.remove(),
            model.lease_until.remove(),
            model.attempts.set(lease.attempts),
            model.ttl.set(expires),
        ]
        if lease.last_message_id:
            updates.append(model.last_message_id.set(lease.last_message_id))
        if next_attempt is None:
            updates.append(model.next_attempt.remove())
        else:
            updates.append(model.next_attempt.set(milliseconds(next_attempt)))
        return Action(
            kind=Kind.UPDATE,
            table=OUTBOX,
            model=KeyHeadModel(lease.ordering_key, HEAD),
            condition=(model.owner == lease.owner) & (model.token == lease.token),
            owners=(_Holder(lease),),
            updates=updates,
            # The token is never granted again: applied once, the condition does not hold any more.
            repeatable=True,
        )

    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        """See `OutboxTable`. One request for every hundred."""
        found = batch_get(
            self._gateway, self._name, [_item_key(key) for key in dict.fromkeys(keys)]
        )
        return [to_stored(item) for item in found]

    def read(self, ordering_key: str, after: str = "", page: int = PAGE) -> Iterator[StoredMessage]:
        """See `OutboxTable`. One request a page."""
        request = {
            "KeyConditionExpression": "pk = :key AND sk > :after",
            "ExpressionAttributeValues": {
                ":key": {"S": ordering_key},
                ":after": {"S": after or HEAD},
            },
            "ConsistentRead": True,
            "Limit": page,
        }
        for items in self._pages("Query", request):
            yield from map(to_stored, items)

    def outstanding(self, queue: Queue) -> Iterator[Outstanding]:
        """See `OutboxTable`. One request a shard at least."""
        for shard in self._all_shards():
            for page in self._pages("Query", _index_query(queue, shard)):
                yield from map(to_outstanding, page)

    def waiting(self) -> Iterator[Sequence[Outstanding]]:
        """See `OutboxTable`. One request a page, and one a shard at least."""
        for shard in self._all_shards():
            last = ""
            is_whole = False
            while not is_whole:
                request = {**_index_query(Queue.PENDING, shard, last), "TableName": self._name}
                answer = self._gateway.call("Query", {**request, "Limit": PAGE})
                if answer["Items"]:
                    yield [to_outstanding(item) for item in answer["Items"]]
                is_whole = "LastEvaluatedKey" not in answer
                last = "" if is_whole else answer["LastEvaluatedKey"]["pk"]["S"]

    def published(self) -> Iterator[Published]:
        """See `OutboxTable`. Reads everything, eventually consistent."""
        request = {
            "FilterExpression": "isPublished = :yes",
            "ExpressionAttributeValues": {":yes": {"BOOL": True}},
            "ProjectionExpression": "pk, sk, publishedAt",
        }
        for page in self._pages("Scan", request):
            for item in page:
                key = MessageKey(item["pk"]["S"], item["sk"]["S"])
                yield Published(key, datetime.fromisoformat(item["publishedAt"]["S"]))

    def delete(self, keys: Sequence[MessageKey]) -> None:
        """See `OutboxTable`. One request, and more for what the service leaves over."""
        batch_delete(self._gateway, self._name, [_item_key(key) for key in keys])

    def _update(self, key: MessageKey, *updates: UpdateAction) -> Action:
        refused = MessageNotFound(key.ordering_key, key.message_id)
        return Action(
            kind=Kind.UPDATE,
            table=OUTBOX,
            model=OutboxModel(key.ordering_key, key.message_id),
            condition=OutboxModel.pk.exists(),
            owners=(_Owner(lambda old: refused if old is None else None),),
            updates=updates,
        )

    def _pages(self, operation: str, request: Mapping[str, Any]) -> Iterator[list[Item]]:
        asked = {**request, "TableName": self._name}
        while True:
            answer = self._gateway.call(operation, asked)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _queue(self, queue: Queue, ordering_key: str) -> str:
        return _queue_key(queue, crc32(ordering_key.encode()) % self._shards)

    def _all_shards(self) -> Sequence[int]:
        # In another order each time: relays that begin together do not go along together.
        return sample(range(self._shards), self._shards)


def _queue_key(queue: Queue, shard: int) -> str:
    return f"{queue.value}#{shard}"


def _index_query(queue: Queue, shard: int, last: str = "") -> dict[str, Any]:
    """The entries of a shard, from behind an ordering key on."""
    values = {":queue": {"S": _queue_key(queue, shard)}}
    query = {"IndexName": "outstanding", "ExpressionAttributeValues": values}
    if not last:
        return {**query, "KeyConditionExpression": "outstanding = :queue"}
    values[":last"] = {"S": last}
    return {**query, "KeyConditionExpression": "outstanding = :queue AND pk > :last"}


def _item_key(key: MessageKey) -> Item:
    return {"pk": {"S": key.ordering_key}, "sk": {"S": key.message_id}}
