"""Following tagged events, in a time that stands still, with an index and a feed that lag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from attrs import define, evolve, field
from typing_extensions import override

from application.ports.dcb_store import SequencedEvent
from application.ports.subscriptions import Start
from domain.tagged_events import GuardState, Position, Query, Tag
from infrastructure.commit.participant import Action
from infrastructure.subscriptions.change_reader import ChangeSource, Turn
from infrastructure.subscriptions.leases import Checkpoint
from infrastructure.tagged_events.bookmark import Bookmark
from infrastructure.tagged_events.follower import PAGE, Follower
from infrastructure.tagged_events.query import StoredQuery
from infrastructure.tagged_events.table import GuardUse, TaggedEventTable, raw_of
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.tagged_events.samples import OPTIONS, note

WINDOW = timedelta(seconds=5)
HOUR = 3600.0


@define
class LaggingTable(TaggedEventTable):
    """A table whose index does not show some events yet."""

    table: TaggedEventTable
    hidden: set[str] = field(factory=set)

    @override
    def put(self, event: SequencedEvent, guards: Sequence[str]) -> tuple[Action, ...]:
        return self.table.put(event, guards)

    @override
    def use(self, use: GuardUse, commit_id: str) -> Action:
        return self.table.use(use, commit_id)

    @override
    def guards(self, names: Sequence[str]) -> Mapping[str, GuardState]:
        return self.table.guards(names)

    @override
    def rows(
        self,
        guard: str,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        return self.table.rows(guard, after=after, before=before, backwards=backwards)

    @override
    def in_order(
        self,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        found = self.table.in_order(after=after, before=before, backwards=backwards)
        return (event for event in found if event.event_id not in self.hidden)

    @override
    def get(self, event_id: str) -> SequencedEvent | None:
        return self.table.get(event_id)

    @override
    def tags(self, after: Tag | None, limit: int) -> list[Tag]:
        return self.table.tags(after, limit)


@define
class Feed:
    """The change feed of a store, which can be behind."""

    store: Store
    is_behind: bool = False

    def source(self) -> ChangeSource[SequencedEvent]:
        return LaggingChanges(self, self.store.tagged_event_changes())


@define
class LaggingChanges(ChangeSource[SequencedEvent]):
    """Tells of nothing as long as the feed is behind."""

    feed: Feed
    source: ChangeSource[SequencedEvent]

    @override
    def start_at(self, start: Start) -> None:
        self.source.start_at(start)

    @override
    def resume(self, checkpoint: Checkpoint) -> None:
        self.source.resume(checkpoint)

    @override
    def poll(self) -> Turn[SequencedEvent]:
        return Turn(is_idle=True) if self.feed.is_behind else self.source.poll()

    @override
    def checkpoint(self, handled: int) -> Checkpoint:
        return self.source.checkpoint(handled)


@define
class Following:
    """A store whose clock stands still, and followers of it."""

    store: Store
    clock: FakeClock
    table: LaggingTable
    feed: Feed

    def note(self, text: str, *tags: Tag, seconds_ago: float = 0.0) -> None:
        """Commits a note now, under its text as id, by a writer who took its position earlier."""
        was = evolve(self.clock)
        was.advance(-seconds_ago)
        event = note(text, *tags, event_id=text)
        evolve(self.store, clock=was).dcb_store().append([event])

    def pass_window(self) -> None:
        self.clock.advance(WINDOW.total_seconds() + 1)

    def follower(self, query: Query | None = None, page_size: int = PAGE) -> Follower:
        """It has not begun yet."""
        registry = self.store.options.contexts.event_types
        return Follower(
            table=self.table,
            source=self.feed.source(),
            query=StoredQuery.of(query or Query.everything(), registry.name_of),
            clock=self.clock,
            safe_window=WINDOW,
            page_size=page_size,
        )

    def started(self, query: Query | None = None, page_size: int = PAGE) -> Follower:
        """It has begun, and the index has caught up."""
        follower = self.follower(query, page_size)
        follower.start()
        self.pass_window()
        return follower

    def resumed(self, bookmark: Bookmark) -> Follower:
        follower = self.follower()
        follower.resume(bookmark)
        return follower


def following(store: Store) -> Following:
    """Followers of an empty store."""
    clock = FakeClock()
    store = evolve(store, options=OPTIONS, clock=clock)
    return Following(store, clock, LaggingTable(store.provider.tagged_events()), Feed(store))


def looked(follower: Follower) -> tuple[list[str], list[str]]:
    """All that there is now: the ids of what came in order, and of what came late."""
    events: list[str] = []
    late: list[str] = []
    while True:
        look = follower.look()
        events += [event.event_id for event in look.events]
        late += [event.event_id for event in look.late]
        assert all(raw_of(event) for event in (*look.events, *look.late))
        if look.is_idle:
            return events, late
