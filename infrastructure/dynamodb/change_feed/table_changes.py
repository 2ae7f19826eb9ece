"""The changes of a table: what is there, where that is asked for, then what its stream says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from typing_extensions import override

from application.ports.clock import Clock
from application.ports.subscriptions import ChangesTrimmed, Start
from infrastructure.dynamodb.change_feed.frontier import Frontier
from infrastructure.dynamodb.change_feed.scan import Scan
from infrastructure.dynamodb.change_feed.table_stream import Located, TableStream
from infrastructure.dynamodb.change_feed.tail import Tail
from infrastructure.dynamodb.items import Item
from infrastructure.subscriptions.change_reader import ChangeSource, Turn
from infrastructure.subscriptions.leases import Checkpoint

T = TypeVar("T")

# Names of a checkpoint's entries beside its shards. Stored: never change them.
_STREAM = "stream"
_SCAN = "scan"

FRESH_SECONDS = 60.0
"""How often iterators are renewed during a scan; they live for 15 minutes."""


class TableChanges(ChangeSource[T]):
    """The changes of one table, as `decode` reads its items.

    For the beginning it fixes the stream's positions, then scans.

    The scan is strongly consistent, so what it does not see was committed after the positions
    were fixed, and comes from the stream; what was committed meanwhile can come from both.
    """

    def __init__(
        self, stream: TableStream, clock: Clock, decode: Callable[[Item], T | None]
    ) -> None:
        self._stream = stream
        self._decode = decode
        self._clock = clock
        self._located = Located("", (), is_enabled=False)
        self._tail = Tail(stream, "", clock)
        self._scan: Scan | None = None
        self._refreshed = clock.now()

    @override
    def start_at(self, start: Start) -> None:
        """See `ChangeSource`. Raises `ResourceMissing` where the table has no stream."""
        self._locate()
        if not self._located.is_enabled:
            raise self._stream.no_stream()
        self._tail.to_end()
        is_whole = start is Start.BEGINNING
        self._scan = Scan(self._stream, self._located.keys) if is_whole else None

    @override
    def resume(self, checkpoint: Checkpoint) -> None:
        """See `ChangeSource`. A stream that replaced another has nothing from in between."""
        self._locate()
        frontier = Frontier.of_entries(self._stream.table, checkpoint)
        if checkpoint[_STREAM] != self._located.arn:
            raise ChangesTrimmed(self._stream.table, None, frontier.oldest().time)
        self._tail.resume(frontier)
        entry = checkpoint.get(_SCAN)
        keys = self._located.keys
        self._scan = None if entry is None else Scan.of_entry(self._stream, keys, entry)

    @override
    def poll(self) -> Turn[T]:
        return self._poll().decoded(self._decode)

    @override
    def checkpoint(self, handled: int) -> Checkpoint:
        if self._scan is None:
            return {_STREAM: self._located.arn, **self._tail.entries(handled)}
        checkpoint = {_STREAM: self._located.arn, **self._tail.entries(0)}
        entry = self._scan.entry(handled)
        if entry is not None:
            checkpoint[_SCAN] = entry
        return checkpoint

    def _poll(self) -> Turn[Item]:
        if self._scan is not None:
            self._keep_fresh()
            turn = self._scan.poll()
            if not self._scan.is_done:
                return turn
            self._scan = None
        return self._tail.poll()

    def _locate(self) -> None:
        self._located = self._stream.locate()
        self._tail = Tail(self._stream, self._located.arn, self._clock)

    def _keep_fresh(self) -> None:
        now = self._clock.now()
        if now - self._refreshed >= timedelta(seconds=FRESH_SECONDS):
            self._refreshed = now
            self._tail.keep_fresh()
