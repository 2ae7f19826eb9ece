"""A table and the shards of its stream, as chance has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any
from zlib import crc32

from attrs import define, field

from application.ports.event_store import StoredEvent
from infrastructure.events.streams import stream_key
from infrastructure.subscriptions.stream_order import Written
from tests.items import commit_model, event_model
from tests.subscription.subscribing import FakeClock

_SPACE = 1 << 16
# Soon one digit longer: sequence numbers are compared as numbers.
_FIRST_NUMBER = 99_999_999_999_999_999_900

Key = tuple[str, int]
"""Of an event: the key of its stream, and its version."""


@define
class SimulatedShard:
    """Records of the keys whose hash lies in `low` to `high`. Lists only grow, `trimmed` counts."""

    id: str
    parent: str | None
    low: int
    high: int
    first: int
    listed_from: int = 0
    records: list[dict[str, Any]] = field(factory=list)
    trimmed: int = 0
    is_closed: bool = False
    is_gone: bool = False

    def numbers(self) -> list[str]:
        return [record["dynamodb"]["SequenceNumber"] for record in self.records]


@define
class SimulatedTable:
    """`items` is what the table holds; a committed event is there before its stream record is.

    `listings` counts how often the shards were listed; a child is left out of up to
    `listings_late` of them. `published` tells the shard and the number of each event's record.
    """

    random: Random
    clock: FakeClock
    partitions: int = 2
    listings_late: int = 0
    listings: int = 0
    items: dict[Key, Mapping[str, Any]] = field(factory=dict)
    shards: dict[str, SimulatedShard] = field(factory=dict)
    published: dict[Key, tuple[str, int]] = field(factory=dict)
    _pending: dict[str, list[list[Written]]] = field(factory=dict)
    _number: int = _FIRST_NUMBER

    def __attrs_post_init__(self) -> None:
        width = _SPACE // self.partitions
        for n in range(self.partitions):
            self.open(None, n * width, (n + 1) * width)

    def commit(self, events: Sequence[StoredEvent], *, packed: bool = False) -> None:
        """Stores the events of one commit. Their stream records come later, in any order."""
        key = stream_key(events[0].stream)
        records: list[Written] = [events] if packed else [[event] for event in events]
        for record in records:
            item = commit_model(record) if packed else event_model(record[0])
            self.items[key, record[0].version] = item.serialize()
        shuffled = self.random.sample(records, len(records))
        self._pending.setdefault(key, []).append(shuffled)

    def publish(self, count: int = 1) -> bool:
        """Lets so many records into the stream; whether there were any.

        Commits of one stream keep their order, those of different streams mix.
        """
        had_any = bool(self._pending)
        for _ in range(count):
            if not self._pending:
                break
            key = self.random.choice(list(self._pending))
            commits = self._pending[key]
            self._append(commits[0].pop())
            if not commits[0]:
                commits.pop(0)
            if not commits:
                del self._pending[key]
        return had_any

    def split(self) -> None:
        """A shard closes, and one or two others take its keys."""
        shard = self.random.choice(self.open_shards())
        shard.is_closed = True
        middle = self.random.randint(shard.low, shard.high)
        bounds = {shard.low, middle, shard.high} if self.random.random() < 0.5 else set()
        cuts = sorted(bounds or {shard.low, shard.high})
        for low, high in pairwise(cuts):
            self.open(shard.id, low, high)

    def merge(self) -> None:
        """Two neighbours close, and one shard takes their keys; it can name but one as parent."""
        by_range = sorted(self.open_shards(), key=lambda shard: shard.low)
        if len(by_range) < 2:
            return
        n = self.random.randrange(len(by_range) - 1)
        left, right = by_range[n], by_range[n + 1]
        left.is_closed = right.is_closed = True
        self.open(self.random.choice([left.id, right.id]), left.low, right.high)

    def trim(self, shard_id: str, records: int | None = None) -> None:
        """Drops the shard's oldest records, or all of it."""
        shard = self.shards[shard_id]
        shard.trimmed = len(shard.records) if records is None else records
        shard.is_gone = records is None

    def open_shards(self) -> list[SimulatedShard]:
        return [shard for shard in self.shards.values() if not shard.is_closed]

    @property
    def is_quiet(self) -> bool:
        """Whether everything that was committed can be read."""
        return not self._pending and all(map(self.is_listed, self.shards.values()))

    def is_listed(self, shard: SimulatedShard) -> bool:
        """Whether it is old enough to be told of. Trimmed ones were, too."""
        return shard.listed_from <= self.listings

    def open(self, parent: str | None, low: int, high: int) -> None:
        """A new shard takes these keys. It may be left out of the first listings."""
        late = self.random.randint(0, self.listings_late) if parent else 0
        # Listings lag behind as a whole: none tells of a shard before those that are older.
        older = max((shard.listed_from for shard in self.shards.values()), default=0)
        shard = SimulatedShard(
            f"shardId-{len(self.shards):020d}-{self.random.getrandbits(32):08x}",
            parent,
            low,
            high,
            self._number + 1,
            max(self.listings + late, older),
        )
        self.shards[shard.id] = shard

    def _append(self, record: Written) -> None:
        key = stream_key(record[0].stream)
        place = crc32(key.encode()) % _SPACE
        shard = next(s for s in self.open_shards() if s.low <= place < s.high)
        self._number += self.random.randint(1, 5)
        for event in record:
            self.published[key, event.version] = (shard.id, self._number)
        shard.records.append(
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "NewImage": self.items[key, record[0].version],
                    "SequenceNumber": str(self._number),
                    "ApproximateCreationDateTime": self.clock.now().replace(microsecond=0),
                },
            }
        )
