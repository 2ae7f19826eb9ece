"""Tagged events to test with, in a registry of their own."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from application.integration_events import IntegrationEvent
from application.ports.dcb_store import SequencedEvent
from domain.events import DomainEvent
from domain.tagged_events import Tag, TaggedEvent
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.registry import EventType
from infrastructure.unit_of_work import CommitOptions
from tests.samples.people import PEOPLE
from tests.times import NOW


@frozen(kw_only=True)
class Noted(DomainEvent):
    """Something was noted."""

    text: str


@frozen(kw_only=True)
class Numbered(DomainEvent):
    """A number was given out. The type is guarded, and others are told."""

    number: int


BOOK, PAGE = Tag("book:1"), Tag("page:7")

NOTES = Context(
    event_types=(EventType("Noted", Noted), EventType("Numbered", Numbered)),
    guarded=(Numbered,),
    integration_events=(IntegrationEvent("NumberGiven", Numbered, "numbers"),),
)
CONTEXTS = Contexts([PEOPLE, NOTES])
OPTIONS = CommitOptions(contexts=CONTEXTS)


def note(text: str, *tags: Tag, event_id: str | None = None) -> TaggedEvent:
    """A note with these tags."""
    return TaggedEvent(event=Noted(text=text, occurred_at=NOW), tags=tags, event_id=event_id)


def number(value: int, *tags: Tag) -> TaggedEvent:
    """A number with these tags."""
    return TaggedEvent(event=Numbered(number=value, occurred_at=NOW), tags=tags)


def texts(events: Sequence[SequencedEvent]) -> list[str]:
    """What was noted, in order."""
    return [event.event.text for event in events if isinstance(event.event, Noted)]
