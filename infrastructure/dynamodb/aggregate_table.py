"""State-stored aggregates in a DynamoDB table, their claims beside them."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any
from zlib import crc32

from attrs import evolve, frozen
from pynamodb.expressions.condition import Condition

from infrastructure.aggregates import AggregateType
from infrastructure.committing import Commit
from infrastructure.dynamodb.actions import Action, Kind
from infrastructure.dynamodb.batch import batch_get
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mapper import Mapper
from infrastructure.dynamodb.models.base import AggregateModel, ClaimModel
from infrastructure.dynamodb.owners import COMMITS, ClaimOwner, VersionOwner
from infrastructure.repository import Planned
from infrastructure.tracking import Change, Intent, Stored

KEPT_COMMITS = 5
"""How many commit ids an item keeps: a lost answer can be settled as long as no more commits
than this came after it."""


@frozen
class Bookkeeping:
    """What an item holds beside the aggregate's state."""

    commits: tuple[str, ...]
    list_shard: str | None


class DynamoDBAggregateTable:
    """Implements `AggregateTable`."""

    def __init__(
        self,
        gateway: Gateway,
        aggregate_type: AggregateType[Any],
        model: type[AggregateModel],
        *,
        name: str,
        shards: int = 1,
    ) -> None:
        """`name` is the physical table. Raises `TypeError` where type and model differ."""
        self.name = name
        self.shards = shards
        self._gateway = gateway
        self._type = aggregate_type
        self._mapper = Mapper(aggregate_type, model)

    def read(self, aggregate_id: str) -> Stored | None:
        """See `AggregateTable`. One request."""
        item = self._get(aggregate_id)
        return None if item is None else self._stored(item)

    def read_many(self, aggregate_ids: Sequence[str]) -> list[Stored]:
        """See `AggregateTable`. One request for every hundred."""
        keys = [{"id": {"S": aggregate_id}} for aggregate_id in aggregate_ids]
        return [self._stored(item) for item in batch_get(self._gateway, self.name, keys)]

    def holder(self, claim_key: str) -> str | None:
        """See `AggregateTable`. One request."""
        item = self._get(claim_key)
        return None if item is None else str(item["owner"]["S"])

    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        """See `AggregateTable`. One request a shard, more where the service cuts pages."""
        found = [self._shard_ids(self._shard_key(n), aggregate_id, limit) for n in range(shards)]
        return list(islice(merge(*found), limit))

    def plan(self, change: Change[Any], commit: Commit) -> Planned[Action]:
        """See `AggregateTable`."""
        note = self._note(change, commit)
        model = self._mapper.to_model(
            change.state,
            version=change.version,
            commits=note.commits,
            list_shard=note.list_shard,
        )
        claimed = [self._claim(key, change, commit) for key in change.taken]
        freed = [self._free(key) for key in change.freed if key not in change.handed_over]
        return Planned((self._write(change, model), *claimed, *freed), note)

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """See `AggregateTable`. Nothing follows."""

    def _write(self, change: Change[Any], model: AggregateModel) -> Action:
        removes = change.intent is Intent.REMOVE
        return Action(
            kind=Kind.DELETE if removes else Kind.PUT,
            table=self._type.table,
            model=model,
            condition=self._at_version(change.expected),
            owners=(VersionOwner(self._type.name, change.aggregate.id, change.expected, removes),),
            repeatable=change.intent is Intent.SAVE,
        )

    def _at_version(self, expected: int) -> Condition:
        if expected == 0:
            return self._mapper.model.id.does_not_exist()
        return self._mapper.model.version == expected

    def _claim(self, key: str, change: Change[Any], commit: Commit) -> Action:
        claim = Action(
            kind=Kind.PUT,
            table=self._type.table,
            model=ClaimModel(id=key, owner=change.aggregate.id, commits=[commit.id]),
        )
        if key in change.handed_over:
            return claim
        owner = ClaimOwner(*change.taken[key])
        return evolve(claim, condition=ClaimModel.id.does_not_exist(), owners=(owner,))

    def _free(self, key: str) -> Action:
        # Without a condition: the aggregate holds the claim as long as its version stands,
        # and that is the condition of the aggregate's own action.
        return Action(kind=Kind.DELETE, table=self._type.table, model=ClaimModel(id=key))

    def _note(self, change: Change[Any], commit: Commit) -> Bookkeeping:
        earlier = None if change.stored is None else change.stored.note
        if earlier is None:
            return Bookkeeping((commit.id,), self._shard_of(change.aggregate.id))
        # The shard stays as it was stored: index keys never change. One that is missing is given.
        shard = earlier.list_shard or self._shard_of(change.aggregate.id)
        return Bookkeeping((commit.id, *earlier.commits)[:KEPT_COMMITS], shard)

    def _get(self, key: str) -> Item | None:
        answer = self._gateway.call(
            "GetItem",
            {"TableName": self.name, "Key": {"id": {"S": key}}, "ConsistentRead": True},
        )
        return answer.get("Item")

    def _stored(self, item: Item) -> Stored:
        state = self._mapper.to_state(item)
        commits = tuple(commit["S"] for commit in item[COMMITS]["L"])
        shard = item.get("listShard")
        return Stored(state, Bookkeeping(commits, shard["S"] if shard else None))

    def _shard_ids(self, shard_key: str, after: str, limit: int) -> list[str]:
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": "listing",
            "KeyConditionExpression": "listShard = :shard",
            "ExpressionAttributeValues": {":shard": {"S": shard_key}},
            "Limit": limit,
        }
        if after:
            request["KeyConditionExpression"] += " AND id > :after"
            request["ExpressionAttributeValues"][":after"] = {"S": after}
        ids: list[str] = []
        while len(ids) < limit:
            answer = self._gateway.call("Query", {**request, "Limit": limit - len(ids)})
            ids += [item["id"]["S"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return ids

    def _shard_of(self, aggregate_id: str) -> str:
        return self._shard_key(crc32(aggregate_id.encode()) % self.shards)

    def _shard_key(self, shard: int) -> str:
        return f"{self._type.name.upper()}#{shard}"
