"""Following a table's stream: all its shards in turn, parents before children."""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta

from attrs import frozen

from application.errors import ResourceMissing
from application.ports.clock import Clock
from infrastructure.dynamodb.change_feed.frontier import Frontier
from infrastructure.dynamodb.change_feed.lineage import Lineage
from infrastructure.dynamodb.change_feed.newest import newest
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition, StreamRecord
from infrastructure.dynamodb.change_feed.shard_reader import ShardPage, ShardReader
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.items import Item
from infrastructure.subscriptions.change_reader import ChangeKind, TableChange, Turn

LINEAGE_SECONDS = 60.0
"""How often the shards are listed where nothing tells that there are new ones."""

MAX_LOOKS_IN_VAIN = 10
"""So many in a row, and a shard that is listed as closed is read like an open one: it may be."""

_KINDS = {
    "INSERT": ChangeKind.INSERTED,
    "MODIFY": ChangeKind.MODIFIED,
    "REMOVE": ChangeKind.REMOVED,
}


@frozen
class _Current:
    """The page that was given last."""

    shard_id: str
    page: ShardPage


class Tail:
    """The changes in a stream from a frontier on. Each turn is one page of one shard.

    Open shards take turns. Closed ones are read to their ends before, one after the other, the
    oldest first: a shard names one parent, and with this order it would not matter if keys came
    to it from another one as well.
    """

    def __init__(self, stream: TableStream, arn: str, clock: Clock) -> None:
        self._stream = stream
        self._arn = arn
        self._clock = clock
        self._frontier = Frontier(stream.table, {})
        self._lineage = Lineage(())
        self._listed = clock.now()
        self._readers: dict[str, ShardReader] = {}
        self._round: deque[str] = deque()
        self._has_moved = True
        self._in_vain = Counter[str]()
        self._said_to_end: set[str] = set()
        self._current: _Current | None = None

    def to_end(self) -> None:
        """Stands after the newest record of every shard."""
        now = self._clock.now()
        self._lineage, self._listed = self._stream.lineage(self._arn), now
        self._readers = {
            shard.id: ShardReader(
                self._stream, self._arn, shard, *newest(self._stream, self._arn, shard, now)
            )
            for shard in self._lineage.leaves()
        }
        positions = {id_: reader.position for id_, reader in self._readers.items()}
        self._frontier = Frontier(self._stream.table, positions)

    def resume(self, frontier: Frontier) -> None:
        """Stands where a checkpoint says. Raises `ChangesTrimmed`."""
        self._frontier = frontier
        self._list_shards()

    def keep_fresh(self) -> None:
        """Looks at shards that had no record yet, so that their iterators do not expire unused."""
        for shard_id, reader in self._readers.items():
            reader.keep_fresh()
            self._frontier[shard_id] = reader.position

    def poll(self) -> Turn[Item]:
        """The next page that has records, or an empty turn. The one before is handled."""
        self._settle()
        if self._is_listing_due():
            self._list_shards()
        if not self._round:
            return self._next_round()
        shard_id = self._round.popleft()
        reader = self._readers[shard_id]
        before = reader.position
        page = reader.read(self._clock.now())
        self._current = _Current(shard_id, page)
        has_moved = reader.position != before
        self._has_moved |= has_moved
        if has_moved:
            del self._in_vain[shard_id]
            self._said_to_end.discard(shard_id)
        elif self._lineage[shard_id].is_closed:
            self._in_vain[shard_id] += 1
        return Turn([change_of(record) for record in page.records])

    def entries(self, handled: int) -> dict[str, str]:
        """The part of a checkpoint that says where each shard is to be read on."""
        frontier = self._frontier.copy()
        if self._current is not None:
            _advance(frontier, self._current, handled)
        return frontier.entries()

    def _settle(self) -> None:
        """What was given is handled."""
        if self._current is None:
            return
        current, self._current = self._current, None
        _advance(self._frontier, current, len(current.page.records))
        if current.page.has_ended:
            self._end(current.shard_id)

    def _end(self, shard_id: str) -> None:
        """It was said that nothing follows in a shard: true where it was known not to go on.

        Otherwise it is read on like an open one, until a look that comes after it is known.
        """
        if self._lineage.goes_on(shard_id):
            if shard_id not in self._said_to_end:
                self._said_to_end.add(shard_id)
                self._list_shards()
            return
        timestamp = self._frontier[shard_id].timestamp
        self._frontier[shard_id] = ShardPosition(Place.END, timestamp)
        del self._readers[shard_id]
        self._follow()

    def _next_round(self) -> Turn[Item]:
        is_idle, self._has_moved = not self._has_moved, False
        if is_idle and (self._said_to_end or self._frontier.awaits_children(self._lineage)):
            self._list_shards()
            self._check_goes_on()
        closed = [
            shard_id
            for shard_id in self._readers.keys() - self._said_to_end
            if self._lineage[shard_id].is_closed and self._in_vain[shard_id] < MAX_LOOKS_IN_VAIN
        ]
        if closed:
            self._round.append(min(closed, key=self._age))
            self._has_moved = True  # a closed shard has an end, so looking on is worth it
        else:
            self._round.extend(self._readers)
        return Turn(is_idle=is_idle)

    def _age(self, shard_id: str) -> tuple[int, str]:
        return int(self._lineage[shard_id].first or 0), shard_id

    def _is_listing_due(self) -> bool:
        return abs(self._clock.now() - self._listed) >= timedelta(seconds=LINEAGE_SECONDS)

    def _list_shards(self) -> None:
        self._lineage, self._listed = self._stream.lineage(self._arn), self._clock.now()
        self._follow()

    def _follow(self) -> None:
        self._frontier.follow(self._lineage)
        unfinished = self._frontier.unfinished(self._lineage)
        self._readers = {id_: self._readers[id_] for id_ in unfinished if id_ in self._readers}
        self._round = deque(id_ for id_ in self._round if id_ in self._readers)
        ended = self._said_to_end.intersection(unfinished)
        self._said_to_end = {id_ for id_ in ended if self._lineage.goes_on(id_)}
        self._has_moved |= self._said_to_end != ended
        for shard_id in unfinished:
            if shard_id not in self._readers:
                shard, position = self._lineage[shard_id], self._frontier[shard_id]
                self._readers[shard_id] = ShardReader(self._stream, self._arn, shard, position)

    def _check_goes_on(self) -> None:
        if not self._lineage.is_enabled and not self._readers:
            raise ResourceMissing(
                operation="DescribeStream",
                table=self._stream.table,
                detail="the stream was turned off and is read to its end",
            )


def _advance(frontier: Frontier, current: _Current, handled: int) -> None:
    page = current.page
    if handled == len(page.records):
        frontier[current.shard_id] = page.position
    elif handled:
        position = frontier[current.shard_id]
        frontier[current.shard_id] = position.after(page.records[handled - 1])


def change_of(record: StreamRecord) -> TableChange[Item]:
    """The change that a record tells, be it read from the stream or handed over by AWS Lambda."""
    images = record["dynamodb"]
    return TableChange(_KINDS[record["eventName"]], images.get("NewImage"), images.get("OldImage"))
