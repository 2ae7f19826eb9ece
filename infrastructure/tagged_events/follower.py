"""Following tagged events: in order by the index, and by the change feed, so that none is missed.

A position is taken before its commit, and the index lags. So an event can appear where a reader has
passed already, however far that one stays behind. The feed tells of every commit once. What it
tells is compared with what was given, and nothing else is needed of its order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from attrs import evolve, frozen

from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent
from application.ports.subscriptions import Start
from domain.tagged_events import Position, microsecond_of
from infrastructure.subscriptions.change_reader import ChangeKind, ChangeSource
from infrastructure.tagged_events.bookmark import Bookmark, FeedPoint
from infrastructure.tagged_events.query import StoredQuery
from infrastructure.tagged_events.remembered import Remembered
from infrastructure.tagged_events.table import TaggedEventTable

SLACK = timedelta(minutes=10)
"""The feed is expected to tell of a commit within so long after its position was taken.

An event that was given and that it tells of later than that counts as late, although it is not.
"""

PAGE = 500
"""Events that one look reads at most."""

MAX_TURNS = 100
"""How often the feed is asked in one look, as long as it has something."""

_HEARING_SECONDS = 1.0
"""How often the feed is asked while there is much to read."""

logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Look:
    """What one look gave: events in the order of their positions, and `late` ones below these.

    `read` events were read, matching or not. `has_caught_up`: the index was read up to the safe
    window. `is_idle`: looking again at once will hardly give more. All events are raw.
    """

    events: Sequence[SequencedEvent] = ()
    late: Sequence[SequencedEvent] = ()
    read: int = 0
    has_caught_up: bool = False
    is_idle: bool = False


class Follower:
    """Gives the matching events once each, and never waits. Begins with `start` or `resume`.

    Where the feed told of an event that the index does not show when its turn comes, it is read by
    its id. An event that comes in below what was given is late. For one thread.
    """

    def __init__(
        self,
        *,
        table: TaggedEventTable,
        source: ChangeSource[SequencedEvent],
        query: StoredQuery,
        clock: Clock,
        safe_window: timedelta,
        page_size: int = PAGE,
    ) -> None:
        self._table = table
        self._source = source
        self._query = query
        self._clock = clock
        self._safe_window = safe_window
        self._page_size = page_size
        self._told = Remembered()
        self._awaited = Remembered()
        self._earlier: tuple[FeedPoint, ...] = ()
        self._due: deque[Position] = deque()
        self._reading: Iterator[SequencedEvent] | None = None
        self._position: Position | None = None
        self._given: Position | None = None
        self._handled = 0
        self._drained = self._heard_at = clock.now()
        self._reads_from = self._drained
        self._horizon = self._safe_horizon()

    @property
    def horizon(self) -> Position:
        """Where the safe window began when the index was asked last."""
        return self._horizon

    @property
    def position(self) -> Position | None:
        """How far the index was read."""
        return self._position

    def start(self, after: Position | None = None) -> None:
        """Begins after a position. What is committed from now on is given, wherever it is."""
        self._drained = self._clock.now()
        self._source.start_at(Start.NOW)
        self._handled = 0
        self._earlier = (self._feed_point(self._drained),)
        self._position = self._given = after
        self._let_the_index_catch_up()

    def resume(self, bookmark: Bookmark) -> None:
        """Goes on. Raises `ChangesTrimmed` where the feed does not reach so far back."""
        self._source.resume(bookmark.feed)
        self._drained, self._earlier = bookmark.drained, bookmark.earlier
        self._position, self._given = bookmark.position, bookmark.given
        self._told = Remembered(bookmark.told)
        self._awaited = Remembered(bookmark.awaited)
        if self._position is None:
            self._let_the_index_catch_up()

    def begin_anew(self) -> None:
        """Gives everything again, what was late in its place.

        The feed tells again what it told in the last minutes: the index may still lag behind that.
        Raises `ChangesTrimmed` where it does not reach so far back.
        """
        first = self._earlier[0]
        self._source.resume(first.checkpoint)
        self._handled = 0
        self._drained, self._earlier = first.at, (first,)
        self._awaited = Remembered()
        self._position = self._given = None
        self._let_the_index_catch_up()

    def bookmark(self) -> Bookmark:
        """Where to go on after all that was given."""
        return Bookmark(
            feed=self._source.checkpoint(self._handled),
            drained=self._drained,
            earlier=self._earlier,
            position=self._position,
            given=self._given,
            told=tuple(self._told),
            awaited=tuple(self._awaited),
        )

    def look(self) -> Look:
        """What there is now, a page of it. What was given before is dealt with."""
        late, is_drained = self._hear()
        now = self._clock.now()
        # A clock that steps back does not make it wait for longer.
        self._reads_from = min(self._reads_from, now + self._safe_window)
        if now < self._reads_from:
            return Look(late=late, is_idle=is_drained)
        look = self._read()
        return evolve(look, late=late, is_idle=look.has_caught_up and is_drained)

    def _hear(self) -> tuple[list[SequencedEvent], bool]:
        """Late events, and whether the feed has nothing more."""
        late: list[SequencedEvent] = []
        now = self._clock.now()
        if self._reading and abs(now - self._heard_at) < timedelta(seconds=_HEARING_SECONDS):
            return late, False
        self._heard_at = now
        for _ in range(MAX_TURNS):
            turn = self._source.poll()
            self._handled = len(turn.changes)
            added = (c.new for c in turn.changes if c.kind is ChangeKind.INSERTED)
            late += [event for event in added if event is not None and self._is_late(event)]
            if turn.is_idle:
                self._drained = now
                self._note_feed_point(now)
                self._awaited.discard_taken_before(self._awaited_from)
                return late, True
        return late, False

    def _is_late(self, event: SequencedEvent) -> bool:
        position = event.position
        if not self._query.matches(event):
            return False
        if self._awaited.discard(position):
            return False
        if self._given is None or position > self._given:
            self._told.add(position)
            return False
        if position == self._given:
            return False  # told twice
        logger.warning(
            "event became visible late", event_position=str(position), passed=str(self._given)
        )
        return True

    def _read(self) -> Look:
        self._due = self._told.in_order()
        given: list[SequencedEvent] = []
        read = 0
        for event in self._events():
            read += 1
            given += self._hidden(event.position)
            self._position = event.position
            if self._query.matches(event):
                given.append(self._give(event))
            if read == self._page_size:
                return Look(events=given, read=read)
        self._reading = None
        given += self._hidden(self._horizon)
        return Look(events=given, read=read, has_caught_up=True)

    def _events(self) -> Iterator[SequencedEvent]:
        """Goes on with what is being read, or begins to read up to where the window is now."""
        if self._reading is None:
            self._horizon = self._safe_horizon()
            if self._position is not None and self._position >= self._horizon:
                return iter(())
            self._reading = self._table.in_order(after=self._position, before=self._horizon)
        return self._reading

    def _hidden(self, before: Position) -> Iterator[SequencedEvent]:
        """What the feed told and the index did not show, below this position."""
        while self._due and self._due[0] < before:
            position = self._due.popleft()
            event = self._table.get(position.event_id)
            if event is None:  # somebody has removed it since
                self._told.discard(position)
                continue
            self._position = max(position, self._position or position)
            yield self._give(event)

    def _give(self, event: SequencedEvent) -> SequencedEvent:
        self._given = event.position
        if self._due and self._due[0] == event.position:
            self._due.popleft()
        if (
            not self._told.discard(event.position)
            and event.position.microsecond >= self._awaited_from
        ):
            self._awaited.add(event.position)
        return event

    def _note_feed_point(self, now: datetime) -> None:
        """Keeps two, of which the first is old enough and the second will be."""
        if abs(now - self._earlier[-1].at) >= SLACK:
            self._earlier = (self._earlier[-1], self._feed_point(now))

    def _feed_point(self, now: datetime) -> FeedPoint:
        return FeedPoint(at=now, checkpoint=self._source.checkpoint(self._handled))

    @property
    def _awaited_from(self) -> int:
        """What was taken before then and is told of still is late, or as good as."""
        return microsecond_of(self._drained - SLACK)

    def _safe_horizon(self) -> Position:
        return Position.before(self._clock.now() - self._safe_window)

    def _let_the_index_catch_up(self) -> None:
        self._reading = None
        self._reads_from = self._clock.now() + self._safe_window
