"""Events to test with, in a registry of their own."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.registry import EventType
from infrastructure.unit_of_work import CommitOptions
from tests.samples.people import PEOPLE
from tests.times import NOW


@frozen(kw_only=True)
class Noted(DomainEvent):
    """Something was noted."""

    text: str
    stars: int = 0


NOTED = EventType("Noted", Noted)
CONTEXTS = Contexts([PEOPLE, Context(event_types=(NOTED,))])
REGISTRY = CONTEXTS.event_types
OPTIONS = CommitOptions(contexts=CONTEXTS)


def noted(*texts: str) -> list[Noted]:
    """An event for each text."""
    return [Noted(text=text, occurred_at=NOW) for text in texts]
