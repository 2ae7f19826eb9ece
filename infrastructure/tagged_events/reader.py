"""Reading what a decision rests on: the guards first, then the events, until none is missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import TypeVar

from attrs import field, frozen

from application.errors import UnreadableState
from application.ports.dcb_store import SequencedEvent
from domain.tagged_events import GuardState, Position
from infrastructure.system.backoff import full_jitter
from infrastructure.tagged_events.query import Guarded, StoredQuery
from infrastructure.tagged_events.table import TaggedEventTable

MAX_LOOKS = 12
"""How often rows are read that a guard counts and that are not all there."""

_PAUSE = 0.005
_MAX_PAUSE = 1.0

_POSITION = attrgetter("position")

T = TypeVar("T")


@frozen(kw_only=True)
class TaggedEventReader:
    """Reads by guards, strongly consistent.

    What is read is what the guards counted, no less and no more. Items of one transaction can
    become visible one after the other, the guard before a row: then it is read again. What was
    added after the guard was read is left out: the decision has not seen it, and its condition
    says so.
    """

    table: TaggedEventTable
    guarded: Guarded
    sleep: Callable[[float], None] = field(default=time.sleep)

    def states(self, query: StoredQuery) -> dict[str, GuardState]:
        """The guards that stand for a query, as they are now. Raises `NotGuarded`."""
        found = self.table.guards(query.guards(self.guarded))
        return query.chosen(self.guarded, found)

    def matching(
        self, query: StoredQuery, states: Mapping[str, GuardState], after: Position | None
    ) -> list[SequencedEvent]:
        """Every matching event after a position, in order, by guards that were read before."""
        rows = [
            self.since(guard, state, GuardState(newest=after) if after else None)
            for guard, state in states.items()
        ]
        return list(filter(query.matches, _merged(rows, backwards=False)))

    def newest(
        self,
        query: StoredQuery,
        states: Mapping[str, GuardState],
        before: Position | None,
        limit: int | None,
    ) -> list[SequencedEvent]:
        """The last matching events before a position, the newest first."""
        rows = [self._backwards(guard, state, before, limit) for guard, state in states.items()]
        return list(islice(filter(query.matches, _merged(rows, backwards=True)), limit))

    def first(
        self,
        query: StoredQuery,
        states: Mapping[str, GuardState],
        after: Position | None,
        limit: int,
    ) -> list[SequencedEvent]:
        """The first matching events after a position."""
        rows = [self.table.rows(guard, after=after, page_size=limit) for guard in states]
        return list(islice(filter(query.matches, _merged(rows, backwards=False)), limit))

    def since(self, guard: str, now: GuardState, seen: GuardState | None) -> list[SequencedEvent]:
        """What was added to a guard since it was seen, up to now; `seen` None: all that there is.

        Where `seen` counts nothing, only its position is known.
        """
        newest, after = now.newest, None if seen is None else seen.newest
        if newest is None or (after is not None and newest <= after):
            return []

        def look() -> list[SequencedEvent]:
            return [row for row in self.table.rows(guard, after=after) if row.position <= newest]

        def is_whole(rows: list[SequencedEvent]) -> bool:
            if seen is None or seen.count:
                return len(rows) == now.count - (0 if seen is None else seen.count)
            return bool(rows) and rows[-1].position == newest

        return self._looking(guard, look, is_whole)

    def _backwards(
        self, guard: str, state: GuardState, before: Position | None, limit: int | None
    ) -> Iterator[SequencedEvent]:
        newest = state.newest

        def look() -> _Opened:
            rows = self.table.rows(guard, before=before, backwards=True, page_size=limit)
            return _opened(row for row in rows if newest is not None and row.position <= newest)

        def is_whole(opened: _Opened) -> bool:
            if newest is None or before is not None:
                return True
            return opened.first is not None and opened.first.position == newest

        return self._looking(guard, look, is_whole).rows

    def _looking(self, guard: str, look: Callable[[], T], is_whole: Callable[[T], bool]) -> T:
        for attempt in range(1, MAX_LOOKS + 1):
            found = look()
            if is_whole(found):
                return found
            self.sleep(full_jitter(attempt, _PAUSE, _MAX_PAUSE))
        raise UnreadableState("guard", guard, "it counts events that are not there")


@frozen
class _Opened:
    """Rows whose first one was looked at."""

    first: SequencedEvent | None
    rows: Iterator[SequencedEvent]


def _opened(rows: Iterator[SequencedEvent]) -> _Opened:
    looked_at = list(islice(rows, 1))
    return _Opened(looked_at[0] if looked_at else None, chain(looked_at, rows))


def _merged(
    rows: Iterable[Iterable[SequencedEvent]], *, backwards: bool
) -> Iterator[SequencedEvent]:
    """Rows of several guards in one order, each event once."""
    last: Position | None = None
    for row in merge(*rows, key=_POSITION, reverse=backwards):
        if row.position != last:
            yield row
        last = row.position
