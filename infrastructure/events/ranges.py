"""Finding the events between two versions, where an item holds one event or a whole commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from application.errors import UnreadableEvent
from application.ports.event_store import StoredEvent
from domain.consistency import StreamId

R = TypeVar("R")

_ENDLESS = 1_000_000_000
"""No stream has so many events: a limit from here on is none."""


class ItemsOfStream(Protocol[R]):
    """The items of one stream, each with one event or several that follow each other."""

    def between(
        self, low: int, high: int | None, *, backwards: bool, limit: int | None = None
    ) -> list[R]:
        """The items whose first events have these versions, both included, in their order."""
        ...

    def span(self, item: R) -> tuple[int, int]:
        """The versions of an item's first and last event."""
        ...

    def events(self, item: R, low: int, high: int) -> Sequence[StoredEvent]:
        """Those of an item's events whose versions lie between these, both included."""
        ...


@frozen
class StreamReading(Generic[R]):
    """Reads no more items than have wanted events.

    There are no gaps, so a limit is a range of versions. Only an event within an item cannot be
    found by its own version: that costs one request more.
    """

    stream: StreamId
    items: ItemsOfStream[R]

    def read(
        self, first: int, last: int | None, *, backwards: bool, limit: int | None
    ) -> tuple[StoredEvent, ...]:
        """See `StreamTable.read`."""
        first = max(first, 1)
        if last is not None and last < first:
            return ()
        if limit is None or limit >= _ENDLESS:
            return self._between(first, last, backwards=backwards)
        if backwards:
            return self._newest(first, last, limit)
        end = first + limit - 1
        return self._between(first, end if last is None else min(last, end), backwards=False)

    def _newest(self, first: int, last: int | None, limit: int) -> tuple[StoredEvent, ...]:
        newest = self.items.between(1, last, backwards=True, limit=1)
        if not newest:
            return ()
        begin, end = self.items.span(newest[0])
        high = end if last is None else min(last, end)
        low = max(first, high - limit + 1)
        found = tuple(self.items.events(newest[0], low, high))[::-1]
        if begin <= low:
            return found
        return found + self._between(low, begin - 1, backwards=True)

    def _between(self, first: int, last: int | None, *, backwards: bool) -> tuple[StoredEvent, ...]:
        items = self.items.between(first, last, backwards=backwards)
        if backwards:
            items.reverse()
        if first > 1 and (not items or self.items.span(items[0])[0] != first):
            items[:0] = self.items.between(1, first - 1, backwards=True, limit=1)
        found = self._events(items, first, last)
        return tuple(reversed(found)) if backwards else tuple(found)

    def _events(self, items: Sequence[R], first: int, last: int | None) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        before = 0
        for item in items:
            begin, end = self.items.span(item)
            if begin <= before:
                raise self._overlap(begin, before)
            found += self.items.events(item, first, end if last is None else min(last, end))
            before = end
        return found

    def _overlap(self, begin: int, before: int) -> UnreadableEvent:
        problem = (
            f"it begins within the commit before it, which ends with event {before}: "
            "somebody appended with a Loaded that no load or append gave"
        )
        return UnreadableEvent(f"event {begin} of {self.stream}", "commit", problem)
