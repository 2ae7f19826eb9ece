"""The order of events in each stream, restored from records that come out of order."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define

from domain.consistency import StreamId
from infrastructure.streams import EventRecord, StreamTable


def in_version_order(records: Mapping[int, EventRecord]) -> list[int]:
    """The places of these records, each stream's own places taken in order of its versions.

    Streams keep the places they have, so that what was handled stays close to a beginning of the
    page, which is what a checkpoint can hold.
    """
    places: defaultdict[StreamId, list[int]] = defaultdict(list)
    for place, record in records.items():
        places[record.stream].append(place)
    order = {place: place for place in records}
    for taken in places.values():
        by_version = sorted(taken, key=lambda place: records[place].version)
        order.update(zip(taken, by_version, strict=True))
    return list(order.values())


@define
class _Seen:
    """The versions of a stream handed out in this run: all from `first` to `last`."""

    first: int
    last: int


class StreamOrder:
    """Decides what to hand out when a record comes, so that nothing is ever held back.

    A version that is missing below a record is in the table: the events of a commit are written
    at once, and a later commit comes after an earlier one. It is read there and handed out first;
    its own record, when it comes, is a repeat. `remembered` streams are known at a time; one that
    was forgotten begins anew, and its late records are repeats to the consumer.
    """

    def __init__(self, table: StreamTable[Any], remembered: int = 100_000) -> None:
        self._table = table
        self._remembered = remembered
        self._seen: OrderedDict[StreamId, _Seen] = OrderedDict()

    def due(self, record: EventRecord, *, first: int) -> Sequence[EventRecord]:
        """What to hand out now, in order. Nothing for a repeat.

        `first` is the version that the stream begins with, if it is new here.
        """
        seen = self._of(record.stream, first)
        if record.version < seen.first:
            # From before this stream's beginning here, by way of another shard: late, not lost.
            return (record,)
        if record.version <= seen.last:
            return ()
        missing = self._missing(record, seen.last + 1)
        seen.last = record.version
        return (*missing, record)

    def know(self, stream: StreamId, first: int, last: int) -> None:
        """Says that these versions of a stream were handed out before."""
        self._seen[stream] = _Seen(first, last)

    def last(self, stream: StreamId) -> int:
        """The last version handed out, 0 where none is known."""
        seen = self._seen.get(stream)
        return 0 if seen is None else seen.last

    def _of(self, stream: StreamId, first: int) -> _Seen:
        seen = self._seen.get(stream)
        if seen is None:
            seen = self._seen[stream] = _Seen(first, first - 1)
            if len(self._seen) > self._remembered:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(stream)
        return seen

    def _missing(self, record: EventRecord, first: int) -> Sequence[EventRecord]:
        if first == record.version:
            return ()
        return self._table.read(record.stream, first=first, last=record.version - 1).records
