"""Events that belong to several consistency boundaries, and what a decision takes for granted.

The words are those of the specification of dynamic consistency boundaries (dcb.events).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from attrs import field, frozen

from domain.errors import Conflict, DynastrataError, InvalidValue
from domain.events import DomainEvent

MAX_TAG = 512
"""Bytes of a tag."""

MAX_EVENT_ID = 64
"""Bytes of an event id."""

EventName = type[DomainEvent] | str
"""A type of event: its class, or the name under which it is stored."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"[0-9]{16}-.+", re.DOTALL)


def _check_text(name: str, text: str, max_bytes: int) -> None:
    if not (text.isprintable() and 0 < len(text.encode()) <= max_bytes):
        raise InvalidValue(name, f"must be 1 to {max_bytes} printable bytes")


@frozen(order=True)
class Tag:
    """A boundary that an event belongs to, such as `course:algebra`."""

    value: str

    def __attrs_post_init__(self) -> None:
        _check_text("tag", self.value, MAX_TAG)

    def __str__(self) -> str:
        return self.value


def _unique(tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
    return tuple(dict.fromkeys(tags))


@frozen(kw_only=True)
class TaggedEvent:
    """An event to append, and its tags.

    Messages to the world outside are in order for the first tag. The `event_id` makes an append
    that is repeated have its effect once; without one, one is made.
    """

    event: DomainEvent
    tags: tuple[Tag, ...] = field(converter=_unique)
    event_id: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.event_id is not None:
            _check_text("event_id", self.event_id, MAX_EVENT_ID)


@frozen
class QueryItem:
    """Matches an event of any of these types that bears all of these tags. Empty: any event."""

    types: frozenset[EventName] = frozenset()
    tags: frozenset[Tag] = frozenset()


@frozen
class Query:
    """Matches an event that any of its items matches."""

    items: tuple[QueryItem, ...]

    def __attrs_post_init__(self) -> None:
        if not self.items:
            raise InvalidValue("query", "needs an item; Query.everything() matches every event")

    @classmethod
    def of(cls, *tags: Tag, types: Iterable[EventName] = ()) -> Query:
        """A query of one item."""
        return cls((QueryItem(frozenset(types), frozenset(tags)),))

    @classmethod
    def everything(cls) -> Query:
        """The query that matches every event."""
        return cls((QueryItem(),))

    def __or__(self, other: Query) -> Query:
        """Matches what either matches."""
        return Query(self.items + other.items)


@frozen(order=True)
class Position:
    """The place of an event in the order of all: the microsecond it was taken at, and its id.

    It is taken before the commit. In the order of one tag every event comes after those that were
    committed before it; an event of other tags can appear below positions that were read.
    """

    value: str

    def __attrs_post_init__(self) -> None:
        if not _POSITION.fullmatch(self.value):
            raise InvalidValue("position", f"{self.value!r} is none")

    @classmethod
    def of(cls, microsecond: int, event_id: str) -> Position:
        """The position of an event; microseconds are those since 1970, in UTC."""
        return cls(f"{microsecond:016}-{event_id}")

    @classmethod
    def before(cls, timestamp: datetime) -> Position:
        """Sorts after all that was taken before this time, and before all others."""
        return cls.of(microsecond_of(timestamp), "!")

    @property
    def microsecond(self) -> int:
        """When it was taken, in microseconds since 1970."""
        return int(self.value[:16])

    @property
    def event_id(self) -> str:
        """The id of the event that has it."""
        return self.value[17:]

    def __str__(self) -> str:
        return self.value


def microsecond_of(timestamp: datetime) -> int:
    """Whole microseconds since 1970, in UTC."""
    return (timestamp - _EPOCH) // timedelta(microseconds=1)


@frozen
class GuardState:
    """What a guard says of its tag: how many events bear it, and where the newest one is."""

    count: int = 0
    newest: Position | None = None


@frozen
class AppendCondition:
    """No event that matches the query was appended since.

    `seen` is what a read found before it read its events. Only a read issues it: it is trusted.
    Without it, the condition is that no matching event has a position after `after` (None: that
    there is none at all), and is confirmed by reading.
    """

    query: Query
    after: Position | None = None
    seen: Mapping[str, GuardState] | None = field(default=None, repr=False)


@frozen
class AppendConditionFailed(Conflict):
    """An event that the append was decided without is there. `position` is that of the first."""

    position: Position

    def __str__(self) -> str:
        return f"a matching event was appended meanwhile, at {self.position}"


@frozen
class EventAlreadyAppended(Conflict):
    """An event of this id is there, with the same content: the append was done before."""

    event_id: str

    def __str__(self) -> str:
        return f"event {self.event_id} was appended before"


@frozen
class IdempotencyKeyReused(Conflict):
    """An event of this id is there, and it is another one."""

    event_id: str

    def __str__(self) -> str:
        return f"another event was appended under the id {self.event_id}"


@frozen
class NotGuarded(DynastrataError):
    """A condition asks for events that no guard stands for.

    Every item of its query needs a tag, or types that a context declares as guarded.
    """

    wanted: str

    def __str__(self) -> str:
        return f"no condition can be on {self.wanted}: neither tagged nor declared as guarded"
