"""The order of events in each stream, restored from records that come out of order."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from attrs import define

from application.ports.event_store import StoredEvent
from domain.consistency import StreamId
from infrastructure.events.streams import StreamTable, stream_key, stream_of_key

Written = Sequence[StoredEvent]
"""The events of one item: one, or a whole commit that is packed, in order."""


def in_version_order(records: Mapping[int, Written]) -> list[int]:
    """The places of these records, each stream's own places taken in order of its versions.

    Streams keep the places they have, so that what was handled stays close to a beginning of the
    page, which is what a checkpoint can hold.
    """
    places: defaultdict[StreamId, list[int]] = defaultdict(list)
    for place, record in records.items():
        places[record[0].stream].append(place)
    order = {place: place for place in records}
    for taken in places.values():
        by_version = sorted(taken, key=lambda place: records[place][0].version)
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

    def __init__(self, table: StreamTable, remembered: int = 100_000) -> None:
        self._table = table
        self._remembered = remembered
        self._seen: OrderedDict[StreamId, _Seen] = OrderedDict()

    def due(self, record: Written, *, first: int) -> Sequence[StoredEvent]:
        """What to hand out now, in order. Nothing for a repeat.

        `first` is the version that the stream begins with, if it is new here.
        """
        seen = self._of(record[0].stream, first)
        if record[-1].version < seen.first:
            # From before this stream's beginning here, by way of another shard: late, not lost.
            return record
        if record[-1].version <= seen.last:
            return ()
        missing = self._missing(record[0], seen.last + 1)
        known, seen.last = seen.last, record[-1].version
        return (*missing, *(event for event in record if event.version > known))

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

    def _missing(self, record: StoredEvent, first: int) -> Sequence[StoredEvent]:
        if first >= record.version:
            return ()
        return self._table.read(record.stream, first=first, last=record.version - 1).events


@define
class _Open:
    first: int
    last: int
    arrived: int


class OpenCommits:
    """Remembers, across checkpoints, the streams of commits that did not arrive as a whole.

    The records of a commit come in any order. Without this, whoever goes on after a checkpoint
    and meets a record of such a commit would give its other events again, or miss that they were
    given. Only the newest `max_commits` are kept; one that is dropped can cause repeats, no more.
    """

    def __init__(self, max_commits: int = 100) -> None:
        self._max_commits = max_commits
        self._open: OrderedDict[StreamId, _Open] = OrderedDict()

    def arrived(self, record: Written, last: int) -> None:
        """A record came, and the stream's events are dealt with up to version `last`."""
        event = record[0]
        stream, first = event.stream, event.commit_first
        present = self._open.get(stream)
        if present is not None and first < present.first:
            return  # an older record once more
        self._open.pop(stream, None)
        if present is None or present.first < first:
            present = _Open(first, last, 0)
        present.last = last
        present.arrived |= (1 << len(record)) - 1 << (event.version - first)
        if present.arrived.bit_count() < event.commit_count:
            self._open[stream] = present
            if len(self._open) > self._max_commits:
                self._open.popitem(last=False)

    def notes(self) -> dict[str, str]:
        """As a part of a checkpoint. Stored: never change it.

        By the stream's key: the commit's first version, the last version dealt with, and which
        records have arrived, as a hexadecimal number whose lowest bit is the first one's.
        """
        return {
            stream_key(stream): f"{commit.first}:{commit.last}:{commit.arrived:x}"
            for stream, commit in self._open.items()
        }

    def load(self, notes: Mapping[str, str]) -> Iterator[tuple[StreamId, int, int]]:
        """Takes over what `notes` made: each stream, and the versions it is known from and to."""
        self._open.clear()
        for key, note in notes.items():
            first, last, arrived = note.split(":")
            self._open[stream_of_key(key)] = _Open(int(first), int(last), int(arrived, 16))
        return ((stream, commit.first, commit.last) for stream, commit in self._open.items())
