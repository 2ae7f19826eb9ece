"""The requests that read a table's stream, and the table itself, each through a gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from application.errors import ResourceMissing
from infrastructure.dynamodb.change_feed.lineage import Lineage, Shard
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition, StreamRecord
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.items import Item

MAX_RECORDS = 1000
"""Of one request. Source: API reference, GetRecords."""


@frozen
class Located:
    """Where a table's latest stream is, and the names of the table's key attributes."""

    arn: str
    keys: tuple[str, ...]
    is_enabled: bool


@frozen
class RecordPage:
    """Records of a shard, and the iterator that goes on: None at the end of a closed shard."""

    records: Sequence[StreamRecord]
    following: str | None


@frozen
class ItemPage:
    """Items of a table, and the key after which the scan goes on: None at the end."""

    items: Sequence[Item]
    following: Item | None


@frozen
class TableStream:
    """One table and its stream. `streams` is a gateway to a client of "dynamodbstreams".

    `page_size` is the most records or items of one request; the service cuts at 1 MB as well.
    """

    table: str
    gateway: Gateway
    streams: Gateway
    page_size: int = 1000

    def locate(self) -> Located:
        """Raises `ResourceMissing` where the table never had a stream."""
        table = self.gateway.call("DescribeTable", {"TableName": self.table})["Table"]
        arn = table.get("LatestStreamArn")
        if arn is None:
            raise self.no_stream()
        keys = tuple(key["AttributeName"] for key in table["KeySchema"])
        return Located(arn, keys, bool(table.get("StreamSpecification", {}).get("StreamEnabled")))

    def no_stream(self) -> ResourceMissing:
        """The error for a table without a stream that goes on."""
        return ResourceMissing(
            operation="DescribeTable", table=self.table, detail="the table has no stream"
        )

    def lineage(self, arn: str) -> Lineage:
        """All shards. One request for every hundred."""
        request: dict[str, Any] = {"StreamArn": arn}
        shards: list[Shard] = []
        while True:
            stream = self.streams.call("DescribeStream", request)["StreamDescription"]
            shards += [_shard(described) for described in stream["Shards"]]
            last = stream.get("LastEvaluatedShardId")
            if last is None:
                return Lineage(shards, is_enabled=stream["StreamStatus"] in ("ENABLED", "ENABLING"))
            request["ExclusiveStartShardId"] = last

    def iterator(self, arn: str, shard_id: str, position: ShardPosition | None) -> str:
        """An iterator at a position; None: after the newest record. It lives for 15 minutes."""
        request = {
            "StreamArn": arn,
            "ShardId": shard_id,
            "ShardIteratorType": _iterator_type(position),
        }
        if position is not None and position.sequence:
            request["SequenceNumber"] = position.sequence
        return str(self.streams.call("GetShardIterator", request)["ShardIterator"])

    def records(self, iterator: str, most: int | None = None) -> RecordPage:
        """The records at an iterator. An empty page is no end."""
        limit = min(most or self.page_size, MAX_RECORDS)
        request = {"ShardIterator": iterator, "Limit": limit}
        answer = self.streams.call("GetRecords", request)
        return RecordPage(answer["Records"], answer.get("NextShardIterator"))

    def items(self, after: Item | None) -> ItemPage:
        """A page of the table, strongly consistent: the items of a partition in their order."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "ConsistentRead": True,
            "Limit": self.page_size,
        }
        if after is not None:
            request["ExclusiveStartKey"] = after
        answer = self.gateway.call("Scan", request)
        return ItemPage(answer["Items"], answer.get("LastEvaluatedKey"))


def _iterator_type(position: ShardPosition | None) -> str:
    if position is None:
        return "LATEST"
    if not position.sequence:
        return "TRIM_HORIZON"
    is_at = position.place is Place.AT
    return "AT_SEQUENCE_NUMBER" if is_at else "AFTER_SEQUENCE_NUMBER"


def _shard(described: dict[str, Any]) -> Shard:
    numbers = described.get("SequenceNumberRange", {})
    return Shard(
        id=described["ShardId"],
        parent=described.get("ParentShardId"),
        first=numbers.get("StartingSequenceNumber"),
        is_closed="EndingSequenceNumber" in numbers,
    )
