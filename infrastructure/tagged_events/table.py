"""Tagged events as both providers store them: the events, their rows by tag, and the guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Protocol

import orjson
from attrs import frozen

from application.ports.dcb_store import SequencedEvent
from application.ports.event_store import RawEvent
from domain.tagged_events import GuardState, Position, Tag
from infrastructure.commit.participant import Action, Overtaken
from infrastructure.events.streams import metadata_text
from infrastructure.limits import Record, record_size
from infrastructure.tagged_events.keys import EventKeys

TAGGED_EVENTS = "tagged-events"
"""The logical name of the table of events."""

TAGS = "tags"
"""The logical name of the table of rows and guards."""

GUARD = "!guard"
"""The range key of a guard, which sorts before all rows of its tag. Stored: never change it."""

MAX_ROW = 1024
"""Bytes of a row that has its event with it: a larger one would cost a second write unit."""


@frozen
class GuardMoved(Overtaken):
    """A guard is not as the commit expects it."""


@frozen(kw_only=True)
class GuardUse:
    """What a commit does with a guard.

    `seen` is the state that it must be in still; None: any before `newest`. `adds` events are
    counted, the last of them at `newest`; without events the guard is only checked.
    """

    guard: str
    seen: GuardState | None = None
    adds: int = 0
    newest: Position | None = None


class TaggedEventTable(Protocol):
    """Where tagged events are, raw. Reads are strongly consistent but for `in_order` and `tags`."""

    def put(self, event: SequencedEvent, guards: Sequence[str]) -> tuple[Action, ...]:
        """The actions that store an event, and a row of it for each of these guards.

        Refused with `EventAlreadyAppended` or `IdempotencyKeyReused` where its id is there.
        Raises `LimitExceeded` for an event that no item can hold.
        """
        ...

    def use(self, use: GuardUse, commit_id: str) -> Action:
        """The action that moves or checks a guard. Refused with `GuardMoved`."""
        ...

    def guards(self, names: Sequence[str]) -> Mapping[str, GuardState]:
        """The present state of each of these guards. One request for up to a hundred."""
        ...

    def rows(
        self,
        guard: str,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        """The events of a guard between two positions, read page by page as they are asked for."""
        ...

    def in_order(
        self,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        """All events between two positions, by the index. With a page size, no more than needed."""
        ...

    def get(self, event_id: str) -> SequencedEvent | None:
        """The event of this id."""
        ...

    def tags(self, after: Tag | None, limit: int) -> list[Tag]:
        """The first tags after this one, by the index."""
        ...


def raw_of(event: SequencedEvent) -> RawEvent:
    """An event as it was written. Raises `TypeError` for one that is decoded already."""
    if isinstance(event.event, RawEvent):
        return event.event
    raise TypeError(f"event {event.event_id} is decoded")


def event_record(keys: EventKeys, event: SequencedEvent) -> Record:
    """All attributes of a raw event's item. Names and formats are stored: never change them.

    Raises `InvalidValue` for metadata that JSON cannot hold.
    """
    service = {"serviceId": keys.service_id} if keys.service_id else {}
    return {
        "pk": keys.event(event.event_id),
        "gsi1pk": keys.index(event.position),
        "sortableUniqueId": event.position.value,
        **service,
        **_content(event),
    }


def row_record(keys: EventKeys, guard: str, event: SequencedEvent) -> Record:
    """All attributes of a row: with the whole event, or with what tells where it is."""
    place = {"pk": keys.guard(guard), "sk": event.position.value}
    content = _content(event)
    if record_size({**place, **content}) <= MAX_ROW:
        return {**place, **content}
    return {**place, **{name: content[name] for name in ("eventId", "eventType", "tags")}}


def _content(event: SequencedEvent) -> Record:
    raw = raw_of(event)
    return {
        "eventId": event.event_id,
        "eventType": event.type,
        "tags": orjson.dumps([tag.value for tag in event.tags]).decode(),
        "payload": raw.data.decode(),
        "timestamp": event.timestamp.astimezone(UTC).isoformat(),
        "metadata": metadata_text(event.metadata, raw.schema_version),
        "commitId": event.commit_id,
    }


def is_same(stored: SequencedEvent, event: RawEvent, tags: Sequence[Tag]) -> bool:
    """Whether a stored event, raw, is what an append of its id would store."""
    return (stored.event, set(stored.tags)) == (event, set(tags))
