"""A DynamoDB table with a stream that does, by chance, all that a stream may do.

It has the methods of the botocore clients "dynamodb" and "dynamodbstreams", so that the real
gateway, its retries and its translation of errors are between it and what is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from attrs import define, field, frozen
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from tests.subscription.simulated_table import SimulatedShard, SimulatedTable

ARN = "arn:aws:dynamodb:eu-central-1:000000000000:table/events/stream/2026"
KEYS = ("pk", "sk")
_ITERATOR_SECONDS = 900


@frozen(kw_only=True)
class Chances:
    """How often, of all answers, something is in the way.

    Open shards can claim an end: `listed_ends` by a last number in the list, `unfollowed` by no
    iterator after their newest record.
    """

    fault: float = 0.0
    expired: float = 0.0
    empty: float = 0.0
    repeated: float = 0.0
    shards_on_a_page: int = 100
    records_on_a_page: int = 1000
    pages_are_full: bool = True
    listed_ends: bool = False
    unfollowed: bool = False


CALM = Chances()
ROUGH = Chances(
    fault=0.05,
    expired=0.02,
    empty=0.2,
    repeated=0.1,
    shards_on_a_page=2,
    records_on_a_page=6,
    pages_are_full=False,
)


@frozen
class _Stand:
    """Where an iterator stands. It began at `origin`: nothing from before that comes again."""

    shard: str
    index: int
    origin: int
    expires: float


@define
class SimulatedStream:
    """Both clients of one simulated table."""

    table: SimulatedTable
    chances: Chances = CALM
    enabled: bool = True
    arn: str = ARN
    requests: list[str] = field(factory=list)
    _iterators: dict[str, _Stand] = field(factory=dict)

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803 the service's names
        self.requests.append("DescribeTable")
        return {
            "Table": {
                "LatestStreamArn": self.arn,
                "StreamSpecification": {"StreamEnabled": self.enabled},
                "KeySchema": [{"AttributeName": name} for name in KEYS],
            }
        }

    def scan(self, **request: Any) -> dict[str, Any]:
        self._meet_a_fault("Scan")
        assert request["ConsistentRead"]
        order = sorted(self.table.items, key=lambda key: (crc32(key[0].encode()), *key))
        after = request.get("ExclusiveStartKey")
        start = 0 if after is None else order.index((after["pk"]["S"], int(after["sk"]["N"]))) + 1
        page = order[start : start + self._size(request["Limit"])]
        answer: dict[str, Any] = {"Items": [self.table.items[key] for key in page]}
        if start + len(page) < len(order):
            answer["LastEvaluatedKey"] = {name: answer["Items"][-1][name] for name in KEYS}
        return answer

    def describe_stream(
        self,
        *,
        StreamArn: str,  # noqa: N803 the service's names
        ExclusiveStartShardId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        if ExclusiveStartShardId is None:
            self.table.listings += 1
        self._meet_a_fault("DescribeStream")
        listed = [s for s in self.table.shards.values() if self.table.is_listed(s)]
        ids = [shard.id for shard in listed if not shard.is_gone]
        start = 0 if ExclusiveStartShardId is None else ids.index(ExclusiveStartShardId) + 1
        page = ids[start : start + self.chances.shards_on_a_page]
        description: dict[str, Any] = {
            "StreamStatus": "ENABLED" if self.enabled else "DISABLED",
            "Shards": [self._described(self.table.shards[shard_id]) for shard_id in page],
        }
        if start + len(page) < len(ids):
            description["LastEvaluatedShardId"] = page[-1]
        return {"StreamDescription": description}

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        self._meet_a_fault("GetShardIterator")
        shard = self.table.shards[request["ShardId"]]
        if shard.is_gone:
            raise refusal("ResourceNotFoundException")
        kind, number = request["ShardIteratorType"], request.get("SequenceNumber")
        index = self._index(shard, kind, number)
        if index < shard.trimmed:
            raise refusal("TrimmedDataAccessException")
        return {"ShardIterator": self._issue(shard.id, index, index)}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        self._meet_a_fault("GetRecords")
        stand = self._iterators[ShardIterator]
        is_old = stand.expires < self.table.clock.now().timestamp()
        if is_old or self.table.random.random() < self.chances.expired:
            raise refusal("ExpiredIteratorException")
        shard = self.table.shards[stand.shard]
        if stand.index < shard.trimmed:
            raise refusal("TrimmedDataAccessException")
        start = end = stand.index
        if self.table.random.random() >= self.chances.empty:
            end = min(start + self._size(Limit), len(shard.records))
            if self.table.random.random() < self.chances.repeated:
                start = max(stand.origin, shard.trimmed, start - 3)
        answer: dict[str, Any] = {"Records": shard.records[start:end]}
        is_closed = shard.is_closed or self.chances.unfollowed
        if not is_closed or end < len(shard.records):
            answer["NextShardIterator"] = self._issue(shard.id, end, stand.origin)
        return answer

    def _described(self, shard: SimulatedShard) -> dict[str, Any]:
        numbers = {"StartingSequenceNumber": str(shard.first)}
        if shard.is_closed or self.chances.listed_ends:
            numbers["EndingSequenceNumber"] = (shard.numbers() or [str(shard.first)])[-1]
        described: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
        if shard.parent is not None:
            described["ParentShardId"] = shard.parent
        return described

    def _index(self, shard: SimulatedShard, kind: str, number: str | None) -> int:
        if kind == "TRIM_HORIZON":
            return shard.trimmed
        if kind == "LATEST":
            return len(shard.records)
        if number == str(shard.first) and number not in shard.numbers():
            return 0
        index = shard.numbers().index(str(number))
        return index if kind == "AT_SEQUENCE_NUMBER" else index + 1

    def _issue(self, shard: str, index: int, origin: int) -> str:
        name = f"iterator-{len(self._iterators)}"
        expires = self.table.clock.now().timestamp() + _ITERATOR_SECONDS
        self._iterators[name] = _Stand(shard, index, origin, expires)
        return name

    def _size(self, limit: int) -> int:
        most = min(limit, self.chances.records_on_a_page)
        return most if self.chances.pages_are_full else self.table.random.randint(1, most)

    def _meet_a_fault(self, operation: str) -> None:
        self.requests.append(operation)
        if self.table.random.random() < self.chances.fault:
            raise self.table.random.choice(_FAULTS)()


def refusal(code: str, status: int = 400) -> ClientError:
    """An error answer of the service."""
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Simulated")


_FAULTS: Sequence[Callable[[], Exception]] = (
    lambda: refusal("LimitExceededException"),
    lambda: refusal("ProvisionedThroughputExceededException"),
    lambda: refusal("InternalServerError", 500),
    lambda: ReadTimeoutError(endpoint_url="http://stream.example"),
    lambda: EndpointConnectionError(endpoint_url="http://stream.example"),
    lambda: ConnectionClosedError(endpoint_url="http://stream.example"),
)
