"""Reading one shard: its iterator, and what to do when that, or the data, is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from application.errors import RequestRejected, ResourceMissing
from application.ports.subscriptions import ChangesTrimmed
from infrastructure.dynamodb.change_feed.lineage import Shard
from infrastructure.dynamodb.change_feed.positions import (
    Place,
    ShardPosition,
    StreamRecord,
    created,
    sequence_of,
)
from infrastructure.dynamodb.change_feed.table_stream import RecordPage, TableStream
from infrastructure.dynamodb.gateway.errors import DataTrimmed, IteratorExpired

# Records are kept for 24 hours. An hour less, for what clocks and timestamps are off by.
KEPT_SECONDS = 23 * 3600

# The service refuses requests whose signature is further off than five minutes, so a clock that
# works with it is at most that much ahead of the records' times.
CLOCK_SKEW_SECONDS = 300

ITERATORS = 4
"""Iterators tried for one page: a fresh one has its 15 minutes, so one renewal should do."""


@frozen
class ShardPage:
    """Records of one page, and where the shard is to be read on when all of them are handled.

    `has_ended` where nothing follows the page. That can be said of a shard that is open, too.
    """

    records: Sequence[StreamRecord]
    position: ShardPosition
    has_ended: bool


class ShardReader:
    """Reads a shard from a position on, an `END` with a number too.

    `iterator` may be one that is already there.
    """

    def __init__(
        self,
        stream: TableStream,
        arn: str,
        shard: Shard,
        position: ShardPosition,
        iterator: str | None = None,
    ) -> None:
        is_read_on = position.place is Place.END
        self.position = evolve(position, place=Place.AFTER) if is_read_on else position
        self._stream = stream
        self._arn = arn
        self._shard = shard
        self._iterator = iterator
        self._earliest = 0

    def read(self, now: datetime) -> ShardPage:
        """The next page; empty where nothing is new. Raises `ChangesTrimmed`."""
        try:
            page = self._page(now)
        except DataTrimmed as error:
            raise self._trimmed() from error
        except ResourceMissing as error:
            self._stream.lineage(self._arn)  # raises, if it is the whole stream that is gone
            raise self._trimmed() from error
        wanted = [record for record in page.records if self._pass(record)]
        self._iterator = page.following
        has_ended = page.following is None
        position = self.position
        if has_ended and position.place is Place.AFTER:
            position = evolve(position, place=Place.END)
        return ShardPage(wanted, position, has_ended)

    def keep_fresh(self) -> None:
        """Renews an iterator that stands after the newest record, where only it knows the place.

        The first record that comes gives the place a number.
        """
        if self._iterator is None or self.position.place is not Place.SINCE:
            return
        try:
            page = self._stream.records(self._iterator)
        except (IteratorExpired, DataTrimmed):
            self._iterator = None
            return
        self._iterator = page.following
        if page.records:
            number = sequence_of(page.records[0])
            self._iterator, self.position = (
                None,
                ShardPosition(Place.AT, self.position.timestamp, number),
            )

    def _page(self, now: datetime) -> RecordPage:
        """Goes on from the last record read when the iterator is of no use any more.

        Where data is trimmed, opening a new one says so; an engine may say it of an iterator that
        was given for an empty shard, from which nothing can be gone.
        """
        for _ in range(ITERATORS - 1):
            iterator = self._iterator or self._open(now)
            try:
                return self._stream.records(iterator)
            except (IteratorExpired, DataTrimmed):
                self._iterator = None
        return self._stream.records(self._open(now))

    def _open(self, now: datetime) -> str:
        position = self.position
        is_young = now.timestamp() - position.timestamp < KEPT_SECONDS
        if position.place is Place.SINCE:
            self._earliest = position.timestamp - CLOCK_SKEW_SECONDS
        try:
            iterator = self._stream.iterator(self._arn, self._shard.id, position)
        except DataTrimmed:
            if position.place is not Place.SINCE or not is_young:
                raise
            # The number is that of a record from before. Nothing since the timestamp can be gone.
            position = evolve(position, sequence="")
            return self._stream.iterator(self._arn, self._shard.id, position)
        if not position.sequence and not is_young:
            self._check_untrimmed()
        return iterator

    def _check_untrimmed(self) -> None:
        """A trim horizon is silent about what it dropped; asking for the first record is not."""
        if self._shard.first is None:
            return
        first = evolve(self.position, place=Place.AT, sequence=self._shard.first)
        try:
            self._stream.iterator(self._arn, self._shard.id, first)
        except DataTrimmed:
            raise
        except RequestRejected:
            return  # proves nothing

    def _pass(self, record: StreamRecord) -> bool:
        """Moves past a record; whether it is wanted. Also old ones can come again."""
        if created(record, self._earliest) < self._earliest:
            if self.position.place is Place.SINCE:
                self.position = evolve(self.position, sequence=sequence_of(record))
            return False
        self.position = self.position.after(record)
        return True

    def _trimmed(self) -> ChangesTrimmed:
        return ChangesTrimmed(self._stream.table, self._shard.id, self.position.time)
