"""Finding the end of an open shard, in words that can be stored."""

from __future__ import annotations

from datetime import datetime

from infrastructure.dynamodb.change_feed.lineage import Shard
from infrastructure.dynamodb.change_feed.positions import Place, Position, sequence_of
from infrastructure.dynamodb.change_feed.shard_reader import ITERATORS
from infrastructure.dynamodb.change_feed.stream_errors import DataTrimmed, IteratorExpired
from infrastructure.dynamodb.change_feed.table_stream import MOST_RECORDS, TableStream

_WALK_PAGES = 5
"""Pages looked through for the last record. A shard with more gets a new one any moment."""

_EMPTY_PAGES = 2
"""An empty page is not always the end; so many in a row are taken for it."""


def newest(
    stream: TableStream, arn: str, shard: Shard, now: datetime
) -> tuple[Position, str | None]:
    """A position after the newest record, and an iterator that stands there.

    The iterator is exact and lives for minutes; the position can be stored, and may lie a few
    records before it. What comes while this looks is after both.
    """
    position = _last_written(stream, arn, shard, now)
    for _ in range(ITERATORS):
        try:
            page = stream.records(stream.iterator(arn, shard.id, None))
        except (IteratorExpired, DataTrimmed):
            continue
        if page.records:
            return Position(Place.AT, position.moment, sequence_of(page.records[0])), None
        if page.following is None:
            return Position(Place.END, position.moment), None
        return position, page.following
    return position, None


def _last_written(stream: TableStream, arn: str, shard: Shard, now: datetime) -> Position:
    """After the last record; the start of an empty shard; else a moment, if it takes too long."""
    moment = int(now.timestamp())
    position, empty = Position(Place.START, moment), 0
    try:
        iterator: str | None = stream.iterator(arn, shard.id, position)
        for _ in range(_WALK_PAGES):
            page = stream.records(iterator or "", MOST_RECORDS)
            for record in page.records:
                position = position.after(record)
            empty = 0 if page.records else empty + 1
            iterator = page.following
            if iterator is None or empty == _EMPTY_PAGES:
                return position
    except (IteratorExpired, DataTrimmed):
        pass
    return Position(Place.SINCE, moment)
