"""The unit of work of both providers: puts repositories, streams, outbox and inbox together."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from attrs import field, frozen

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.token_signer import TokenSigner
from domain.aggregate import Aggregate
from infrastructure.aggregates.cursors import Cursors
from infrastructure.aggregates.tracker import TrackedRepository, Tracker
from infrastructure.commit.unit_of_work import BaseUnitOfWork
from infrastructure.contexts.context import Contexts, EventSourced, StateStored
from infrastructure.contexts.registered import REGISTERED
from infrastructure.events.event_sourced_table import (
    EventSourcedTable,
    EventSourcedTracker,
    SnapshotPolicy,
)
from infrastructure.events.large_events import LargeEvents
from infrastructure.events.registry import EventEncoder
from infrastructure.events.stream_appender import StreamAppender
from infrastructure.outbox.inbox import InboxPolicy, InboxRecorder
from infrastructure.outbox.table import MessageCheck
from infrastructure.outbox.writer import EventMessages, MessageAppender
from infrastructure.provider import Provider
from infrastructure.tagged_events.appender import TaggedEventAppender
from infrastructure.tagged_events.conditions import Conditions
from infrastructure.tagged_events.reader import TaggedEventReader

T = TypeVar("T")


@frozen(kw_only=True)
class CommitOptions:
    """What is committed, and how.

    A commit takes at most `max_events` of a stream (None: as many as an item holds).
    `check_message` refuses messages that their destination would not take. `inbox` says how long it
    remembers. Without `large_events` the data of an event must fit an
    item.
    """

    contexts: Contexts = REGISTERED
    max_events: int | None = 100
    snapshots: SnapshotPolicy = field(factory=SnapshotPolicy)
    check_message: MessageCheck = lambda _: None
    inbox: InboxPolicy = field(factory=InboxPolicy)
    large_events: LargeEvents | None = None


class UnitsOfWork:
    """Makes units of work. What they share is made once, so that making one is cheap.

    `signer` signs the cursors of listings.
    """

    def __init__(
        self,
        provider: Provider,
        ids: IdFactory,
        clock: Clock,
        signer: TokenSigner,
        options: CommitOptions | None = None,
    ) -> None:
        self.options = options or CommitOptions()
        contexts = self.options.contexts
        self.ids = ids
        self.clock = clock
        self.cursors = Cursors(signer)
        self.registry = contexts.event_types.with_large_events(self.options.large_events)
        self.encoder = EventEncoder(
            self.registry,
            ids,
            self.options.max_events,
            contexts.integration_events.is_declared,
        )
        self.transaction = provider.transaction
        self.events = provider.events()
        self.snapshots = provider.snapshots()
        self.outbox = provider.outbox()
        self.inbox = provider.inbox()
        self.tables = {
            declared.aggregate_type.name: provider.table(declared.aggregate_type)
            for declared in contexts.state_stored
        }
        reader = TaggedEventReader(table=provider.tagged_events(), guarded=contexts.guarded)
        self.conditions = Conditions(reader, self.registry)
        self.messages = EventMessages(
            self.outbox, contexts.integration_events, ids, self.options.check_message
        )

    def __call__(self) -> TableUnitOfWork:
        """A fresh unit of work."""
        return TableUnitOfWork(self)


class TableUnitOfWork(BaseUnitOfWork):
    """Implements the port `UnitOfWork`; makes each of its parts when it is first asked for.

    It does not derive from the port, whose repositories are those that the contexts declare: they
    are found by name. A test compares the names.
    """

    def __init__(self, shared: UnitsOfWork) -> None:
        super().__init__(shared.transaction, shared.ids, shared.messages)
        self._shared = shared

    def __getattr__(self, name: str) -> Any:
        """The repository of this name. Asked for once: then it is an attribute."""
        is_private = name.startswith("_")  # not there yet, or never
        declared = None if is_private else self._shared.options.contexts.repositories.get(name)
        if declared is None:
            raise AttributeError(f"no context declares a repository {name!r}")
        repository = (
            self._state_stored(declared)
            if isinstance(declared, StateStored)
            else self._event_sourced(declared)
        )
        setattr(self, name, repository)
        return repository

    @cached_property
    def streams(self) -> StreamAppender:
        """See the port."""
        appender = StreamAppender(self._shared.events, self._shared.encoder, self.check_open)
        self.enlist(appender)
        return appender

    @cached_property
    def tagged_events(self) -> TaggedEventAppender:
        """See the port."""
        shared = self._shared
        appender = TaggedEventAppender(shared.conditions, shared.clock, shared.ids, self.check_open)
        self.enlist(appender)
        return appender

    @cached_property
    def outbox(self) -> MessageAppender:
        """See the port."""
        shared = self._shared
        check = shared.options.check_message
        appender = MessageAppender(shared.outbox, shared.ids, check, self.check_open)
        self.enlist(appender)
        return appender

    @cached_property
    def inbox(self) -> InboxRecorder:
        """See the port."""
        policy = self._shared.options.inbox
        recorder = InboxRecorder(self._shared.inbox, policy, self.check_open, self._as_committed)
        # A message that was processed already is told before anything else that is wrong.
        self.enlist(recorder, first=True)
        return recorder

    def _as_committed(self, result: T) -> T:
        """An aggregate as the commit that is prepared stores it; anything else as it is."""
        if not isinstance(result, Aggregate):
            return result
        trackers = (each for each in self._participants if isinstance(each, Tracker))
        prepared = (tracker.as_prepared(result) for tracker in trackers)
        return next((each for each in prepared if each is not None), result)

    def _state_stored(self, declared: StateStored) -> TrackedRepository[Any]:
        table = self._shared.tables[declared.aggregate_type.name]
        tracker = Tracker(declared.aggregate_type, table, self.check_open)
        self.enlist(tracker)
        return declared.repository(tracker, table, self._shared.cursors)

    def _event_sourced(self, declared: EventSourced) -> TrackedRepository[Any]:
        shared = self._shared
        table = EventSourcedTable(
            aggregate_type=declared.aggregate_type,
            events=shared.events,
            snapshots=shared.snapshots,
            registry=shared.registry,
            encoder=shared.encoder,
            policy=shared.options.snapshots,
        )
        tracker = EventSourcedTracker(table, self.check_open)
        self.enlist(tracker)
        return declared.repository(tracker)
