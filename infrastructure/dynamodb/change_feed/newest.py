"""Finding the place after the newest record of a shard, in words that can be stored."""

from __future__ import annotations

from datetime import datetime

from infrastructure.dynamodb.change_feed.lineage import Shard
from infrastructure.dynamodb.change_feed.positions import Place, ShardPosition, sequence_of
from infrastructure.dynamodb.change_feed.shard_reader import ITERATORS
from infrastructure.dynamodb.change_feed.table_stream import MAX_RECORDS, TableStream
from infrastructure.dynamodb.gateway.errors import DataTrimmed, IteratorExpired

_WALK_PAGES = 5
"""Pages looked through for the last record. A shard with more gets a new one soon, and from
then on its position is that record's number."""

_EMPTY_PAGES = 2
"""An empty page is not always the end; so many in a row are taken for it."""


def newest(
    stream: TableStream, arn: str, shard: Shard, now: datetime
) -> tuple[ShardPosition, str | None]:
    """A position after the newest record, and an iterator that stands there if one was given.

    The iterator is exact and lives for minutes. The position can be stored; it is a timestamp, and
    the number of the newest record as far as that was found, so that records from minutes before
    come with it if it was not. What comes while this looks is after both.
    """
    timestamp = int(now.timestamp())
    position = ShardPosition(Place.SINCE, timestamp, _last_number(stream, arn, shard))
    for _ in range(ITERATORS):
        try:
            page = stream.records(stream.iterator(arn, shard.id, None))
        except (IteratorExpired, DataTrimmed):
            continue
        if page.records:
            return ShardPosition(Place.AT, timestamp, sequence_of(page.records[0])), None
        return position, page.following
    return position, None


def _last_number(stream: TableStream, arn: str, shard: Shard) -> str:
    """The number of the last record; of an earlier one, if there are many; nothing if none."""
    number, empty = "", 0
    try:
        iterator = stream.iterator(arn, shard.id, ShardPosition(Place.START, 0))
        for _ in range(_WALK_PAGES):
            page = stream.records(iterator, MAX_RECORDS)
            empty = 0 if page.records else empty + 1
            number = sequence_of(page.records[-1]) if page.records else number
            if page.following is None or empty == _EMPTY_PAGES:
                break
            iterator = page.following
    except (IteratorExpired, DataTrimmed):
        pass
    return number
