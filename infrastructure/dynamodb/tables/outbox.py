"""The outbox in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import sample
from typing import Any

from attrs import frozen
from pynamodb.expressions.update import Action as UpdateAction
from typing_extensions import override

from application.ports.leases import MAX_CLOCK_DIFFERENCE, LeaseLost
from application.ports.outbox import (
    KeyNotHeld,
    MessageAlreadyAdded,
    MessageKey,
    MessageNotFound,
    NotDeadLettered,
    OutboxMessage,
    StoredMessage,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import Conflict
from infrastructure.dynamodb.gateway.batch import batch_delete, batch_get
from infrastructure.dynamodb.gateway.errors import ConditionFailed
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, model_of, shard_of
from infrastructure.dynamodb.mappers.leases import is_lease
from infrastructure.dynamodb.mappers.outbox import (
    to_busy,
    to_entry,
    to_lease,
    to_stored,
)
from infrastructure.dynamodb.mappers.timestamps import milliseconds, timestamp_text
from infrastructure.dynamodb.mappers.writing import is_new
from infrastructure.dynamodb.models.outbox import KeyHeadModel, OutboxModel
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.outbox.table import (
    HEAD,
    PAGE,
    OutboxTable,
    Published,
    Queue,
    QueueEntry,
    record_of,
)


@frozen
class _MessageRefusal(Refusal):
    """Of the condition on a message or a head; `refused` makes its error from what is there."""

    refused: Callable[[Item | None], Conflict | None]

    @override
    def error(self, old: Item | None) -> Conflict | None:
        return self.refused(old)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A message that the commit added proves it; other changes leave no trace of theirs."""
        added = old is not None and old.get("commitId") == {"S": commit_id}
        return Verdict.APPLIED if added else Verdict.UNKNOWN


@frozen
class _LeaseRefusal(Refusal):
    """Of the condition on a head whose lease is ended."""

    lease: KeyLease

    @override
    def error(self, old: Item | None) -> Conflict | None:
        return LeaseLost(self.lease.name, self.lease.owner)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Nothing but its end takes the owner from a lease and leaves its token.

        Of a lease that was followed by another one nobody needs to know how it ended.
        """
        is_last = old is not None and int(old["token"]["N"]) == self.lease.token
        is_ended = old is not None and "owner" not in old
        return Verdict.APPLIED if is_last and is_ended else Verdict.REFUSED


class DynamoDBOutboxTable(OutboxTable):
    """Messages and the heads of their keys. `name` is the physical table.

    The index is spread over `shards` partitions, by ordering key; never fewer than before.
    """

    def __init__(self, gateway: Gateway, name: str, shards: int = 1) -> None:
        self._gateway = gateway
        self._name = name
        self._shards = shards

    @override
    def put(self, message: OutboxMessage, commit_id: str) -> ItemAction:
        outstanding = self._queue(Queue.PENDING, message.ordering_key)
        refused = MessageAlreadyAdded(message.ordering_key, message.message_id or "")
        return ItemAction(
            kind=ActionKind.PUT,
            table=self._name,
            model=model_of(OutboxModel, record_of(message, commit_id, outstanding)),
            condition=is_new(OutboxModel),
            refusals=(_MessageRefusal(lambda old: None if old is None else refused),),
        )

    @override
    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> ItemAction:
        model = OutboxModel
        return self._update(
            key,
            model.is_published.set(True),
            model.published_at.set(model.published_at | timestamp_text(at)),
            model.ttl.set(model.ttl | expires),
            model.outstanding.remove(),
            model.dead_lettered_at.remove(),
        )

    @override
    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> ItemAction:
        model = OutboxModel
        updates = [model.retry_count.set(model.retry_count + 1), model.last_error.set(error)]
        if dead_at is not None:
            updates += [
                model.dead_lettered_at.set(timestamp_text(dead_at)),
                model.outstanding.set(self._queue(Queue.DEAD, key.ordering_key)),
            ]
        return self._update(key, *updates)

    @override
    def redrive(self, key: MessageKey) -> ItemAction:
        model = OutboxModel

        def refused(old: Item | None) -> Conflict | None:
            if old is None:
                return MessageNotFound(key.ordering_key, key.message_id)
            if "deadLetteredAt" not in old or "publishedAt" in old:
                return NotDeadLettered(key.ordering_key, key.message_id)
            return None

        return ItemAction(
            kind=ActionKind.UPDATE,
            table=self._name,
            model=OutboxModel(key.ordering_key, key.message_id),
            condition=model.dead_lettered_at.exists() & model.published_at.does_not_exist(),
            refusals=(_MessageRefusal(refused),),
            updates=[
                model.outstanding.set(self._queue(Queue.PENDING, key.ordering_key)),
                model.retry_count.set(0),
                model.dead_lettered_at.remove(),
            ],
        )

    @override
    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        """See `OutboxTable`. Costs a write unit also where the key is busy."""
        model = KeyHeadModel
        at = milliseconds(now)
        is_free = model.owner.does_not_exist() | (model.lease_until <= at)
        is_due = model.next_attempt.does_not_exist() | (model.next_attempt <= at)
        is_void = model.written_at > milliseconds(now + MAX_CLOCK_DIFFERENCE)
        # So a request that comes twice, or late, does not end the lease that followed it.
        is_longer = (model.owner == owner) & (model.lease_until < milliseconds(until))
        request = KeyHeadModel(ordering_key, HEAD).get_update_kwargs_from_instance(
            [
                model.owner.set(owner),
                model.lease_until.set(milliseconds(until)),
                model.written_at.set(at),
                model.token.set((model.token | 0) + 1),
                model.ttl.set(expires),
                # It is over or void. Left there, a void one would count again with this lease.
                model.next_attempt.remove(),
            ],
            ((is_free | is_longer) & is_due) | is_void,
            "ALL_OLD",
        )
        request |= {"TableName": self._name, "ReturnValues": "ALL_NEW"}
        try:
            answer = self._gateway.call("UpdateItem", request)
        except ConditionFailed as refused:
            if refused.old is not None and is_lease(refused.old, owner, until):
                return to_lease(refused.old, until)
            return to_busy(refused.old, now)
        return to_lease(answer["Attributes"], until)

    @override
    def release(
        self, lease: KeyLease, *, at: datetime, next_attempt: datetime | None, expires: datetime
    ) -> ItemAction:
        model = KeyHeadModel
        updates: list[UpdateAction] = [
            model.owner.remove(),
            model.lease_until.remove(),
            model.written_at.set(milliseconds(at)),
            model.attempts.set(lease.attempts),
            model.ttl.set(expires),
        ]
        if lease.last_message_id:
            updates.append(model.last_message_id.set(lease.last_message_id))
        if next_attempt is not None:  # otherwise there is none: `take` removed it
            updates.append(model.next_attempt.set(milliseconds(next_attempt)))
        return ItemAction(
            kind=ActionKind.UPDATE,
            table=self._name,
            model=KeyHeadModel(lease.name, HEAD),
            condition=(model.owner == lease.owner) & (model.token == lease.token),
            refusals=(_LeaseRefusal(lease),),
            updates=updates,
            # The token is never granted again: applied once, the condition does not hold any more.
            repeatable=True,
        )

    @override
    def free(self, ordering_key: str) -> ItemAction:
        model = KeyHeadModel
        return ItemAction(
            kind=ActionKind.UPDATE,
            table=self._name,
            model=KeyHeadModel(ordering_key, HEAD),
            condition=model.owner.exists() | model.next_attempt.exists(),
            refusals=(_MessageRefusal(lambda old: KeyNotHeld(ordering_key, old is not None)),),
            updates=[
                # By the token it is told from a lease that its holder gave back.
                model.token.set(model.token + 1),
                model.owner.remove(),
                model.lease_until.remove(),
                model.next_attempt.remove(),
            ],
        )

    @override
    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        """See `OutboxTable`. One request for every hundred."""
        found = batch_get(
            self._gateway, self._name, [_item_key(key) for key in dict.fromkeys(keys)]
        )
        return [to_stored(item) for item in found]

    @override
    def read(
        self, ordering_key: str, after: str = "", page: int | None = None
    ) -> Iterator[StoredMessage]:
        """See `OutboxTable`. One request a page."""
        request = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :key AND sk > :after",
            "ExpressionAttributeValues": {
                ":key": {"S": ordering_key},
                ":after": {"S": after or HEAD},
            },
            "ConsistentRead": True,
            "Limit": page or PAGE,
        }
        for items in pages(self._gateway, "Query", request):
            yield from map(to_stored, items)

    @override
    def entries(self, queue: Queue) -> Iterator[QueueEntry]:
        """See `OutboxTable`. One request a shard at least."""
        for shard in self._all_shards():
            for page in pages(self._gateway, "Query", self._index_query(queue, shard)):
                yield from map(to_entry, page)

    @override
    def pending_pages(self) -> Iterator[Sequence[QueueEntry]]:
        """See `OutboxTable`. One request a page, and one a shard at least."""
        for shard in self._all_shards():
            last = ""
            is_whole = False
            while not is_whole:
                request = self._index_query(Queue.PENDING, shard, last)
                answer = self._gateway.call("Query", {**request, "Limit": PAGE})
                if answer["Items"]:
                    yield [to_entry(item) for item in answer["Items"]]
                is_whole = "LastEvaluatedKey" not in answer
                last = "" if is_whole else answer["LastEvaluatedKey"]["pk"]["S"]

    @override
    def published(self) -> Iterator[Published]:
        """See `OutboxTable`. Reads everything, eventually consistent."""
        request = {
            "TableName": self._name,
            "FilterExpression": "isPublished = :yes",
            "ExpressionAttributeValues": {":yes": {"BOOL": True}},
            "ProjectionExpression": "pk, sk, publishedAt",
        }
        for page in pages(self._gateway, "Scan", request):
            for item in page:
                key = MessageKey(item["pk"]["S"], item["sk"]["S"])
                yield Published(key, datetime.fromisoformat(item["publishedAt"]["S"]))

    @override
    def delete(self, keys: Sequence[MessageKey]) -> None:
        """See `OutboxTable`. One request, and more for what the service leaves over."""
        batch_delete(self._gateway, self._name, [_item_key(key) for key in keys])

    def _update(self, key: MessageKey, *updates: UpdateAction) -> ItemAction:
        refused = MessageNotFound(key.ordering_key, key.message_id)
        return ItemAction(
            kind=ActionKind.UPDATE,
            table=self._name,
            model=OutboxModel(key.ordering_key, key.message_id),
            condition=OutboxModel.pk.exists(),
            refusals=(_MessageRefusal(lambda old: refused if old is None else None),),
            updates=updates,
        )

    def _index_query(self, queue: Queue, shard: int, last: str = "") -> dict[str, Any]:
        """The entries of a shard, from behind an ordering key on."""
        values = {":queue": {"S": _queue_key(queue, shard)}}
        query = {
            "TableName": self._name,
            "IndexName": "outstanding",
            "ExpressionAttributeValues": values,
        }
        if not last:
            return {**query, "KeyConditionExpression": "outstanding = :queue"}
        values[":last"] = {"S": last}
        return {**query, "KeyConditionExpression": "outstanding = :queue AND pk > :last"}

    def _queue(self, queue: Queue, ordering_key: str) -> str:
        return _queue_key(queue, shard_of(ordering_key, self._shards))

    def _all_shards(self) -> Sequence[int]:
        # In another order each time: relays that begin together do not go along together.
        return sample(range(self._shards), self._shards)


def _queue_key(queue: Queue, shard: int) -> str:
    return f"{queue.value}#{shard}"


def _item_key(key: MessageKey) -> Item:
    return {"pk": {"S": key.ordering_key}, "sk": {"S": key.message_id}}
