"""Subscriptions to events, over the changes of their table on either provider."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from threading import Event
from types import TracebackType
from typing import Self

import structlog
from attrs import field, frozen
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.event_store import StoredEvent
from application.ports.ids import IdFactory
from application.ports.subscriptions import EventSubscriptions, Start, Subscription
from domain.errors import DynastrataError, InvalidValue
from infrastructure.events.registry import EventRegistry
from infrastructure.events.streams import StreamTable
from infrastructure.subscriptions.change_reader import (
    ChangeKind,
    ChangeReader,
    ChangeSource,
    TableChange,
    Wait,
)
from infrastructure.subscriptions.leases import CheckpointTable, SubscriptionLease
from infrastructure.subscriptions.stream_order import (
    OpenCommits,
    StreamOrder,
    Written,
    in_version_order,
)

_MAX_NAME = 255

logger = structlog.get_logger(__name__)


class EventSubscription(Subscription):
    """A subscription over a reader of changes."""

    def __init__(
        self,
        reader: ChangeReader[Written],
        order: StreamOrder,
        show: Callable[[StoredEvent], StoredEvent],
    ) -> None:
        self._reader = reader
        self._order = order
        self._show = show
        self._events = self._iterate()
        self._is_closed = False

    @override
    def __iter__(self) -> Iterator[StoredEvent]:
        return self

    @override
    def __next__(self) -> StoredEvent:
        return next(self._events)

    @override
    def stop(self) -> None:
        self._reader.stop()

    @override
    def close(self) -> None:
        """See the port. Closing again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._events.close()
        self._reader.close()

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except DynastrataError as error:
            if exc is None:
                raise
            logger.warning("subscription closed without its checkpoint", reason=str(error))

    def __del__(self) -> None:
        if not self._is_closed:
            warnings.warn(
                "a subscription was dropped unclosed: its lease is held until it ends",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    def _iterate(self) -> Generator[StoredEvent]:
        commits: OpenCommits | None = None
        for changes in self._reader.pages():
            commits = commits or self._known_commits()
            yield from self._page(changes, commits)
            if self._reader.is_stopping:
                return  # asking for a page would say that this one is handled

    def _known_commits(self) -> OpenCommits:
        commits = OpenCommits()
        for stream, first, last in commits.load(self._reader.notes):
            self._order.know(stream, first, last)
        return commits

    def _page(
        self, changes: Sequence[TableChange[Written]], commits: OpenCommits
    ) -> Iterator[StoredEvent]:
        added = {place: _added(change) for place, change in enumerate(changes)}
        records = {place: record for place, record in added.items() if record}
        progress = _Progress(len(changes), records)
        for place in in_version_order(records):
            if not (yield from self._given(self._due(changes[place], records[place]))):
                return
            for passed in progress.done(place):
                if changes[passed].kind is not ChangeKind.PRESENT:
                    record = records[passed]
                    commits.arrived(record, self._order.last(record[0].stream))
            self._reader.handled(progress.count, commits.notes())
            if self._reader.is_stopping:
                return

    def _given(self, due: Sequence[StoredEvent]) -> Generator[StoredEvent, None, bool]:
        """Hands these out; whether all of them: where not, all come again."""
        for left, event in zip(reversed(range(len(due))), due, strict=True):
            yield self._show(event)
            if left:
                self._reader.keep_lease()
                if self._reader.is_stopping:
                    return False
        return True

    def _due(self, change: TableChange[Written], record: Written) -> Sequence[StoredEvent]:
        # Found in the table, it comes after all earlier ones; from the stream, those of its commit
        # may come later.
        is_present = change.kind is ChangeKind.PRESENT
        first = record[0].version if is_present else record[0].commit_first
        return self._order.due(record, first=first)


@frozen(kw_only=True)
class TableEventSubscriptions(EventSubscriptions):
    """Subscriptions over the changes of the events' table. Durations are in seconds.

    `table` names what is read: names of subscriptions to other tables do not clash. `source`
    makes one reader of its changes. An event that takes its consumer longer than the lease lets
    another instance take over. `remembered` streams are kept in memory, to tell repeats.
    """

    table: str
    source: Callable[[], ChangeSource[Written]]
    events: StreamTable
    registry: EventRegistry
    checkpoints: CheckpointTable
    clock: Clock
    ids: IdFactory
    poll_interval: float = 1.0
    # Longer than one request can take with all its attempts.
    lease_seconds: float = 60.0
    remembered: int = 100_000
    wait: Wait = field(default=Event.wait)

    @override
    def subscribe(self, name: str, start: Start, *, raw: bool = False) -> EventSubscription:
        lease = SubscriptionLease(
            self.checkpoints,
            subscription_key(self.table, name),
            self.ids.new_id(),
            self.clock,
            self.lease_seconds,
        )
        reader = ChangeReader(
            self.source(), lease, start, poll_interval=self.poll_interval, wait=self.wait
        )
        return EventSubscription(
            reader,
            StreamOrder(self.events, self.remembered),
            (lambda stored: stored) if raw else self.registry.decoded,
        )


def subscription_key(table: str, name: str) -> str:
    """The key of a subscription's lease and checkpoint: `events#mailer`. Stored: never change it.

    `table` is a logical name, which has no `#`. Raises `InvalidValue`.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidValue("name", "is text that UTF-8 cannot encode") from error
    if not 0 < size <= _MAX_NAME:
        raise InvalidValue("name", f"must have from 1 to {_MAX_NAME} bytes")
    return f"{table}#{name}"


def _added(change: TableChange[Written]) -> Written | None:
    """The events of an item; events are only ever added."""
    return change.new if change.kind in (ChangeKind.INSERTED, ChangeKind.PRESENT) else None


class _Progress:
    """How much of a page's beginning is handled, while its records are handled in any order."""

    def __init__(self, size: int, records: Mapping[int, Written]) -> None:
        self.count = 0
        self._size = size
        self._records = records
        self._done: set[int] = set()

    def done(self, place: int) -> Iterator[int]:
        """Marks a record; the places of those that the handled beginning now has besides."""
        self._done.add(place)
        while self.count < self._size:
            if self.count in self._records:
                if self.count not in self._done:
                    return
                yield self.count
            self.count += 1
