"""Tagged events: appended under a condition, and read by query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from attrs import frozen

from application.ports.event_store import EventMetadata, RawEvent
from domain.events import DomainEvent
from domain.tagged_events import AppendCondition, Position, Query, Tag, TaggedEvent

Progress = Callable[[int], object]
"""Is told how many events were read so far."""


@frozen(kw_only=True)
class SequencedEvent:
    """An appended event and what was stored with it. `timestamp` is when it happened, in UTC."""

    position: Position
    event_id: str
    type: str
    tags: tuple[Tag, ...]
    timestamp: datetime
    event: DomainEvent | RawEvent
    metadata: EventMetadata
    commit_id: str

    def __deepcopy__(self, _: object) -> Self:
        """Itself: nothing of it can change, and the store in memory copies all that it gives."""
        return self


@frozen
class QueryResult:
    """Events in the order asked for, and the condition of a decision that rests on them."""

    events: tuple[SequencedEvent, ...]
    condition: AppendCondition


class TaggedEventWriter(Protocol):
    """Appends tagged events as part of a unit of work."""

    @property
    def last_position(self) -> Position | None:
        """The position of the last event that was committed."""
        ...

    def append(
        self,
        events: Sequence[TaggedEvent],
        condition: AppendCondition | None = None,
        metadata: EventMetadata | None = None,
    ) -> None:
        """Stages events. One commit takes any number of appends, each with its condition.

        The commit raises `AppendConditionFailed` where an event matches a condition that was not
        there when it was read, `EventAlreadyAppended` or `IdempotencyKeyReused` for an id that is
        there, and `NotGuarded` for a condition that nothing can enforce. Events of the same commit
        fail none of its conditions.
        """
        ...


class TaggedSubscription(Protocol):
    """An iterator over tagged events, waiting for the next one where there is none yet.

    They come in the order of their positions, behind the safe window, each once. One that became
    visible later than that comes as soon as it is known of, out of order: its position is below
    those before it. For one thread, but for `stop`.
    """

    def __iter__(self) -> Iterator[SequencedEvent]: ...

    def __next__(self) -> SequencedEvent:
        """The next event. Raises `StopIteration` once stopped, and what reading raises."""
        ...

    def stop(self) -> None:
        """Ends the iteration where it next asks for an event, or waits for one. For any thread."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class DcbStore(Protocol):
    """Appends tagged events and reads them."""

    def append(
        self,
        events: Sequence[TaggedEvent],
        condition: AppendCondition | None = None,
        metadata: EventMetadata | None = None,
    ) -> Position | None:
        """Writes all events or none; the position of the last, None for no events.

        Appending the same events again, by their ids, is a success that writes nothing. Raises what
        `TaggedEventWriter.append` tells and what `UnitOfWork.commit` raises.
        """
        ...

    def append_if_unique(
        self, key: Tag, event: TaggedEvent, metadata: EventMetadata | None = None
    ) -> Position:
        """Appends an event that bears the key as a tag, if no event bears it yet.

        Raises `AppendConditionFailed` where one does.
        """
        ...

    def read(
        self,
        query: Query,
        *,
        after: Position | None = None,
        limit: int | None = None,
        backwards: bool = False,
        raw: bool = False,
    ) -> QueryResult:
        """The matching events after a position, or before it if backwards; at most `limit`.

        Where every item of the query has a tag or guarded types this is strongly consistent, and
        the condition of the result is that nothing was appended since. Any other query is read
        from an index, behind the safe window. Raises `InvalidValue` for a limit below 1.
        """
        ...

    def each(
        self,
        query: Query,
        *,
        after: Position | None = None,
        progress: Progress = lambda _: None,
        raw: bool = False,
    ) -> Iterator[SequencedEvent]:
        """The matching events in order, behind the safe window, page by page: for many of them."""
        ...

    def subscribe(
        self, query: Query, *, after: Position | None = None, raw: bool = False
    ) -> TaggedSubscription:
        """Every matching event after a position (None: from the first one on), and what is to come.

        It stores nothing. What was committed before this call, at or below `after`, does not come;
        what is committed after it comes, wherever its position is. Where reading begins the safe
        window is waited for once, so that the index has caught up with all that came before.
        """
        ...

    def get(self, event_id: str, *, raw: bool = False) -> SequencedEvent | None:
        """The event of this id (strongly consistent), or None."""
        ...

    def count(self, query: Query) -> int:
        """How many events match. For one tag alone it is one strongly consistent read."""
        ...

    def latest_position(self) -> Position | None:
        """The highest position that the index shows, None where there is no event."""
        ...

    def has_tag(self, tag: Tag) -> bool:
        """Whether an event bears this tag (strongly consistent)."""
        ...

    def tags(self, *, after: Tag | None = None, limit: int = 100) -> list[Tag]:
        """Tags that events bear, in order, after this one. May lag behind."""
        ...
