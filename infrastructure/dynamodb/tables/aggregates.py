"""State-stored aggregates in a DynamoDB table, their claims beside them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any

from attrs import evolve, frozen
from pynamodb.expressions.condition import Condition
from typing_extensions import override

from application.errors import UnreadableState
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.aggregates.aggregate_type import CLAIM_PREFIX, AggregateType, Unique
from infrastructure.aggregates.changes import AggregateChange, Intent, Plan, Stored
from infrastructure.aggregates.repository import AggregateTable, ScannedPage
from infrastructure.commit.participant import Commit
from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, Value, holding, shard_of
from infrastructure.dynamodb.mappers.aggregates import Mapper
from infrastructure.dynamodb.mappers.writing import Constant, is_new
from infrastructure.dynamodb.models.base import (
    CLAIMS,
    COMMITS,
    VERSION,
    AggregateModel,
    ClaimModel,
    index_by,
)
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict

KEPT_COMMITS = 5
"""How many commit ids an item keeps: a lost answer can be settled as long as no more commits
than this came after it."""


@frozen(kw_only=True)
class StoredItem(Stored):
    """An aggregate as its item has it, with what the item holds beside the state."""

    commits: tuple[str, ...]
    list_shard: str | None


class DynamoDBAggregateTable(AggregateTable):
    """One state-stored type, its claims beside its aggregates."""

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
        self._name = name
        self._shards = shards
        self._gateway = gateway
        self._type = aggregate_type
        self._mapper = Mapper(aggregate_type, model)
        self._indexes = {each: index_by(model, each) for each in aggregate_type.listed_by}

    @property
    @override
    def name(self) -> str:
        return self._name

    @property
    @override
    def shards(self) -> int:
        return self._shards

    @override
    def read(self, aggregate_id: str) -> Stored | None:
        """See `AggregateTable`. One request."""
        item = self._get(aggregate_id)
        return None if item is None else self._stored(item)

    @override
    def read_many(self, aggregate_ids: Sequence[str]) -> list[Stored]:
        """See `AggregateTable`. One request for every hundred."""
        keys = [{"id": {"S": aggregate_id}} for aggregate_id in aggregate_ids]
        return [self._stored(item) for item in batch_get(self._gateway, self.name, keys)]

    @override
    def holder(self, claim_key: str) -> str | None:
        """See `AggregateTable`. One request."""
        item = self._get(claim_key)
        return None if item is None else str(item["owner"]["S"])

    @override
    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        """See `AggregateTable`. One request a shard, more where the service cuts pages."""
        found = [self._shard_ids(self._shard_key(n), aggregate_id, limit) for n in range(shards)]
        return list(islice(merge(*found), limit))

    @override
    def ids_by(self, field: str, value: str, after: str, limit: int) -> list[str]:
        """See `AggregateTable`. One request, more where the service cuts pages."""
        return self._ids(self._indexes[field], value, after, limit)

    @override
    def scan(self, after: str | None) -> ScannedPage:
        """See `AggregateTable`. One request, in the order of the keys' hashes."""
        request: dict[str, Any] = {"TableName": self.name, "ConsistentRead": True}
        if after is not None:
            request["ExclusiveStartKey"] = {"id": {"S": after}}
        answer = self._gateway.call("Scan", request)
        following = answer.get("LastEvaluatedKey")
        found = [item for item in answer["Items"] if not _is_claim(item)]
        return ScannedPage(
            tuple(self._stored_or_error(item) for item in found),
            following and following["id"]["S"],
        )

    @override
    def plan(self, change: AggregateChange[Any], commit: Commit) -> Plan:
        stored = self._next(change, commit)
        model = self._mapper.to_model(
            change.state,
            commits=stored.commits,
            claims=change.claims,
            list_shard=stored.list_shard,
        )
        claimed = [self._claim(key, change, commit) for key in change.taken]
        freed = [self._free(key) for key in sorted(change.freed - change.handed_over)]
        return Plan((self._write(change, model), *claimed, *freed), stored)

    @override
    def check(self, stored: Stored) -> ItemAction:
        aggregate_id, version = stored.state["id"], stored.state["version"]
        return ItemAction(
            kind=ActionKind.CHECK,
            table=self._name,
            model=self._mapper.model(id=aggregate_id),
            condition=_is_at(self._mapper.model, version),
            refusals=(MovedRefusal(self._type.name, aggregate_id, version),),
        )

    def _write(self, change: AggregateChange[Any], model: AggregateModel) -> ItemAction:
        removes = change.intent is Intent.REMOVE
        return ItemAction(
            kind=ActionKind.DELETE if removes else ActionKind.PUT,
            table=self._name,
            model=model,
            condition=_is_at(self._mapper.model, change.expected),
            refusals=(
                VersionRefusal(self._type.name, change.aggregate.id, change.expected, removes),
            ),
            repeatable=change.intent is Intent.SAVE,
        )

    def _claim(self, key: str, change: AggregateChange[Any], commit: Commit) -> ItemAction:
        claim = ItemAction(
            kind=ActionKind.PUT,
            table=self._name,
            model=holding(
                ClaimModel, {"id": key, "owner": change.aggregate.id, "commits": [commit.id]}
            ),
        )
        if key in change.handed_over:
            return claim
        refusal = ClaimRefusal(*change.taken[key])
        return evolve(claim, condition=is_new(ClaimModel), refusals=(refusal,))

    def _free(self, key: str) -> ItemAction:
        # Without a condition: the aggregate holds the claim as long as its version stands,
        # and that is the condition of the aggregate's own action.
        return ItemAction(kind=ActionKind.DELETE, table=self._name, model=ClaimModel(id=key))

    def _next(self, change: AggregateChange[Any], commit: Commit) -> StoredItem:
        """What is stored once the change is."""
        commits: tuple[str, ...] = (commit.id,)
        shard = None
        if isinstance(change.stored, StoredItem):
            commits = (commit.id, *change.stored.commits)[:KEPT_COMMITS]
            shard = change.stored.list_shard
        # The shard stays as it was stored: index keys never change. One that is missing is given.
        shard = shard or self._shard_key(shard_of(change.aggregate.id, self._shards))
        return StoredItem(
            state=change.state, claims=change.claims, commits=commits, list_shard=shard
        )

    def _get(self, key: str) -> Item | None:
        answer = self._gateway.call(
            "GetItem",
            {"TableName": self.name, "Key": {"id": {"S": key}}, "ConsistentRead": True},
        )
        return answer.get("Item")

    def _stored(self, item: Item) -> Stored:
        state = self._mapper.to_state(item)
        shard = item.get("listShard")
        return StoredItem(
            state=state,
            claims=frozenset(_texts(item[CLAIMS])) if CLAIMS in item else None,
            is_complete=CLAIMS in item and (shard is not None or not self._mapper.is_listed),
            commits=tuple(_texts(item[COMMITS])),
            list_shard=shard["S"] if shard else None,
        )

    def _stored_or_error(self, item: Item) -> Stored | UnreadableState:
        try:
            return self._stored(item)
        except UnreadableState as error:
            return error

    def _shard_ids(self, shard_key: str, after: str, limit: int) -> list[str]:
        return self._ids(("listing", "listShard"), shard_key, after, limit)

    def _ids(self, index: tuple[str, str], value: str, after: str, limit: int) -> list[str]:
        """The ids in an index, given its name and the attribute that has this value."""
        name, attribute = index
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": name,
            "KeyConditionExpression": "#key = :value",
            "ExpressionAttributeNames": {"#key": attribute},
            "ExpressionAttributeValues": {":value": {"S": value}},
        }
        if after:
            request["KeyConditionExpression"] += " AND id > :after"
            request["ExpressionAttributeValues"][":after"] = {"S": after}
        found = pages(self._gateway, "Query", request, limit)
        return [item["id"]["S"] for page in found for item in page]

    def _shard_key(self, shard: int) -> str:
        return f"{self._type.name.upper()}#{shard}"


@frozen
class VersionRefusal(Refusal):
    """Of the condition that an aggregate is at its expected version (0: not there).

    Every commit adds one to the version, so the k-th of the recent commit ids made the version
    k below the present one.
    """

    aggregate_type: str
    aggregate_id: str
    expected: int
    removes: bool = False

    @override
    def error(self, old: Item | None) -> Conflict | None:
        """`ConcurrencyConflict` unless the item is as expected."""
        actual = None if old is None else _version(old)
        if (actual or 0) == self.expected:
            return None
        return ConcurrencyConflict(self.aggregate_type, self.aggregate_id, self.expected, actual)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by who made the version that this commit would have made."""
        if old is None:
            return Verdict.UNKNOWN
        commits = _texts(old[COMMITS])
        since = _version(old) - (self.expected + 1)
        if self.removes or since < 0:
            return Verdict.REFUSED
        if since >= len(commits):
            return Verdict.UNKNOWN
        return Verdict.APPLIED if commits[since] == commit_id else Verdict.REFUSED


@frozen
class MovedRefusal(VersionRefusal):
    """Of the condition that an aggregate which a commit leaves alone is at its version."""

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A check leaves no trace: others may have come after a commit that was applied."""
        return Verdict.UNKNOWN


@frozen
class ClaimRefusal(Refusal):
    """Of the condition that nobody holds a unique value."""

    unique: Unique[Any]
    value: str

    @override
    def error(self, old: Item | None) -> Conflict | None:
        """The error for a value that is taken."""
        return None if old is None else self.unique.taken(self.value)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A claim made by this commit proves it; another's may have come after ours was freed."""
        if old is not None and old[COMMITS]["L"][0]["S"] == commit_id:
            return Verdict.APPLIED
        return Verdict.UNKNOWN


@lru_cache(maxsize=1024)  # most aggregates have few versions
def _is_at(model: type[AggregateModel], version: int) -> Condition:
    return is_new(model) if version == 0 else Constant(model.version == version)


def _is_claim(item: Item) -> bool:
    return bool(item["id"]["S"].startswith(CLAIM_PREFIX))


def _texts(value: Value) -> list[str]:
    return [member["S"] for member in value["L"]]


def _version(item: Item) -> int:
    return int(item[VERSION]["N"])
