"""The store of tagged events on either provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from threading import Event

from attrs import evolve, field, frozen
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.dcb_store import (
    DcbStore,
    Progress,
    QueryResult,
    SequencedEvent,
)
from application.ports.event_store import EventMetadata
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import Conflict, InvalidValue
from domain.tagged_events import (
    AppendCondition,
    AppendConditionFailed,
    EventAlreadyAppended,
    GuardState,
    IdempotencyKeyReused,
    Position,
    Query,
    Tag,
    TaggedEvent,
)
from infrastructure.subscriptions.change_reader import ChangeSource, Wait
from infrastructure.tagged_events.conditions import Conditions
from infrastructure.tagged_events.follower import Follower
from infrastructure.tagged_events.keys import tag_guard
from infrastructure.tagged_events.query import StoredItem, StoredQuery
from infrastructure.tagged_events.reader import TaggedEventReader
from infrastructure.tagged_events.subscription import FollowingSubscription
from infrastructure.tagged_events.table import is_same, raw_of

_PAGE = 500


@frozen(kw_only=True)
class TableDcbStore(DcbStore):
    """The store over the tables of either provider.

    What is read by the index stays `safe_window` behind the clock: events become visible there
    late, and out of order. `changes` makes sources of what is added to the events. Where a
    subscription has nothing to give it looks again after `poll_interval` seconds.
    """

    conditions: Conditions
    unit_of_work: UnitOfWorkFactory
    clock: Clock
    changes: Callable[[], ChangeSource[SequencedEvent]]
    safe_window: timedelta = timedelta(seconds=5)
    poll_interval: float = 1.0
    wait: Wait = field(default=Event.wait)

    @override
    def append(
        self,
        events: Sequence[TaggedEvent],
        condition: AppendCondition | None = None,
        metadata: EventMetadata | None = None,
    ) -> Position | None:
        if not events:
            return None
        try:
            with self.unit_of_work() as unit:
                unit.tagged_events.append(events, condition, metadata)
                unit.commit()
                return unit.tagged_events.last_position
        except (AppendConditionFailed, EventAlreadyAppended) as refused:
            return self._appended_before(events, refused)

    @override
    def append_if_unique(
        self, key: Tag, event: TaggedEvent, metadata: EventMetadata | None = None
    ) -> Position:
        keyed = evolve(event, tags=(*event.tags, key))
        position = self.append([keyed], AppendCondition(Query.of(key)), metadata)
        assert position is not None  # noqa: S101 an event was given
        return position

    @override
    def read(
        self,
        query: Query,
        *,
        after: Position | None = None,
        limit: int | None = None,
        backwards: bool = False,
        raw: bool = False,
    ) -> QueryResult:
        """See the port. The guards are read before the events."""
        if limit is not None and limit < 1:
            raise InvalidValue("limit", "must be at least 1")
        stored = self._stored(query)
        if not stored.is_guarded(self._reader.guarded):
            events = self._by_index(stored, after, limit, backwards=backwards)
            condition = AppendCondition(query, _last(events, after, backwards=backwards))
        else:
            events, condition = self._by_guards(query, stored, after, limit, backwards=backwards)
        return QueryResult(tuple(events if raw else map(self.decoded, events)), condition)

    @override
    def each(
        self,
        query: Query,
        *,
        after: Position | None = None,
        progress: Progress = lambda _: None,
        raw: bool = False,
    ) -> Iterator[SequencedEvent]:
        stored = self._stored(query)
        read = 0
        for event in self._reader.table.in_order(after=after, before=self._horizon()):
            read += 1
            if read % _PAGE == 0:
                progress(read)
            if stored.matches(event):
                yield event if raw else self.decoded(event)
        progress(read)

    @override
    def subscribe(
        self, query: Query, *, after: Position | None = None, raw: bool = False
    ) -> FollowingSubscription:
        follower = self.follower(query)
        follower.start(after)
        show = (lambda event: event) if raw else self.decoded
        return FollowingSubscription(follower, show, self.poll_interval, self.wait)

    def follower(self, query: Query) -> Follower:
        """Follows the matching events; it has not begun yet."""
        return Follower(
            table=self._reader.table,
            source=self.changes(),
            query=self._stored(query),
            clock=self.clock,
            safe_window=self.safe_window,
        )

    @override
    def get(self, event_id: str, *, raw: bool = False) -> SequencedEvent | None:
        found = self._reader.table.get(event_id)
        return found if found is None or raw else self.decoded(found)

    @override
    def count(self, query: Query) -> int:
        match self._stored(query).items:
            case (StoredItem(types=types, tags=tags),) if not types and len(tags) == 1:
                (tag,) = tags
                return self._guard(tag).count
            case _:
                return len(self.read(query, raw=True).events)

    @override
    def latest_position(self) -> Position | None:
        newest = self._reader.table.in_order(backwards=True, page_size=1)
        return next((event.position for event in newest), None)

    @override
    def has_tag(self, tag: Tag) -> bool:
        return self._guard(tag).count > 0

    @override
    def tags(self, *, after: Tag | None = None, limit: int = 100) -> list[Tag]:
        return self._reader.table.tags(after, limit)

    def _by_guards(
        self,
        query: Query,
        stored: StoredQuery,
        after: Position | None,
        limit: int | None,
        *,
        backwards: bool,
    ) -> tuple[list[SequencedEvent], AppendCondition]:
        states = self._reader.states(stored)
        if backwards:
            events = self._reader.newest(stored, states, after, limit)
            newest = _last(events, after, backwards=True)
            return events, AppendCondition(query, newest, states if after is None else None)
        if limit is not None:
            events = self._reader.first(stored, states, after, limit)
            return events, AppendCondition(query, _last(events, after))
        events = self._reader.matching(stored, states, after)
        return events, AppendCondition(query, _last(events, after), states)

    def _by_index(
        self,
        query: StoredQuery,
        after: Position | None,
        limit: int | None,
        *,
        backwards: bool,
    ) -> list[SequencedEvent]:
        horizon = self._horizon()
        before = min(after, horizon) if backwards and after else horizon
        found = self._reader.table.in_order(
            after=None if backwards else after,
            before=before,
            backwards=backwards,
            page_size=limit,
        )
        return list(islice(filter(query.matches, found), limit))

    def _horizon(self) -> Position:
        return Position.before(self.clock.now() - self.safe_window)

    def _guard(self, tag: Tag) -> GuardState:
        name = tag_guard(tag)
        return self._reader.table.guards([name])[name]

    @property
    def _reader(self) -> TaggedEventReader:
        return self.conditions.reader

    def _stored(self, query: Query) -> StoredQuery:
        return StoredQuery.of(query, self.conditions.registry.name_of)

    def decoded(self, event: SequencedEvent) -> SequencedEvent:
        """A raw event, decoded. Raises what `EventRegistry.decode` raises."""
        decoded = self.conditions.registry.decode(raw_of(event), f"event {event.event_id}")
        return evolve(event, event=decoded)

    def _appended_before(self, events: Sequence[TaggedEvent], refused: Conflict) -> Position:
        """The position of the last event, if all of them are there. Raises the refusal if not."""
        positions = []
        for tagged in events:
            stored = self._reader.table.get(tagged.event_id) if tagged.event_id else None
            if stored is None:
                raise refused
            raw = self.conditions.registry.encode(tagged.event)
            if not is_same(stored, raw, tagged.tags):
                raise IdempotencyKeyReused(stored.event_id) from refused
            positions.append(stored.position)
        return positions[-1]


def _last(
    events: Sequence[SequencedEvent], after: Position | None, *, backwards: bool = False
) -> Position | None:
    """The highest position that is known to be read."""
    if backwards:
        return after or (events[0].position if events else None)
    return events[-1].position if events else after
