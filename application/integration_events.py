"""Integration events: every context declares its own in its `integration_events.py`."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent


@frozen
class IntegrationEvent:
    """Committing such an event adds a message of this type for this destination.

    Both names are known outside: never change them. The message holds the fields of the event.
    """

    name: str
    event: type[DomainEvent]
    destination: str
