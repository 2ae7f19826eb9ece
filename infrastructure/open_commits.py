"""Commits whose records lie on both sides of a checkpoint."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from attrs import define

from domain.consistency import StreamId
from infrastructure.streams import EventRecord, stream_key, stream_of_key


@define
class _Open:
    first: int
    last: int
    arrived: int


class OpenCommits:
    """Remembers, across checkpoints, the streams of commits that did not arrive as a whole.

    The records of a commit come in any order. Without this, whoever goes on after a checkpoint
    and meets a record of such a commit would give its other events again, or miss that they were
    given. Only the newest `most` are kept; one that is dropped can cause repeats, no more.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._open: OrderedDict[StreamId, _Open] = OrderedDict()

    def arrived(self, record: EventRecord, last: int) -> None:
        """A record came, and the stream's events are dealt with up to version `last`."""
        present = self._open.get(record.stream)
        if present is not None and record.commit_first < present.first:
            return  # an older record once more
        self._open.pop(record.stream, None)
        if present is None or present.first < record.commit_first:
            present = _Open(record.commit_first, last, 0)
        present.last = last
        present.arrived |= 1 << (record.version - record.commit_first)
        if present.arrived.bit_count() < record.commit_count:
            self._open[record.stream] = present
            if len(self._open) > self._most:
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
