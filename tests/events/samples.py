"""Events to test with, in a registry of their own."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent
from infrastructure.event_registry import EventRegistry, EventType
from infrastructure.unit_of_work import EventOptions
from tests.users import NOW


@frozen(kw_only=True)
class Noted(DomainEvent):
    """Something was noted."""

    text: str
    stars: int = 0


NOTED = EventType("Noted", Noted)
REGISTRY = EventRegistry([NOTED])
OPTIONS = EventOptions(registry=REGISTRY)


def noted(*texts: str) -> list[Noted]:
    """An event for each text."""
    return [Noted(text=text, occurred_at=NOW) for text in texts]
