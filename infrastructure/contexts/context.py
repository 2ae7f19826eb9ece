"""How a context declares what it stores and what it tells others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from application.integration_events import IntegrationEvent
from application.projector import AnyProjector
from domain.events import DomainEvent
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.repository import StateRepository
from infrastructure.aggregates.tracker import TrackedRepository
from infrastructure.events.registry import EventRegistry, EventType
from infrastructure.events.snapshots import SNAPSHOTS
from infrastructure.events.streams import EVENTS
from infrastructure.outbox.inbox import INBOX
from infrastructure.outbox.table import OUTBOX
from infrastructure.outbox.writer import IntegrationEventRegistry
from infrastructure.projections.table import PROJECTION_STATES
from infrastructure.subscriptions.leases import CHECKPOINTS
from infrastructure.system.failure_windows import FAILURES
from infrastructure.tagged_events.query import Guarded
from infrastructure.tagged_events.table import TAGGED_EVENTS, TAGS

if TYPE_CHECKING:
    from infrastructure.dynamodb.models.base import AggregateModel

SHARED_TABLES = (
    EVENTS,
    SNAPSHOTS,
    CHECKPOINTS,
    OUTBOX,
    INBOX,
    FAILURES,
    TAGGED_EVENTS,
    TAGS,
    PROJECTION_STATES,
)
"""The logical names of the tables that all contexts share."""


@frozen
class StateStored:
    """A type whose present state is stored, in a table of its own.

    `model` gives the PynamoDB model of that table. It is called where DynamoDB is used, and
    nowhere else, so that the memory provider does without PynamoDB.
    """

    aggregate_type: AggregateType[Any]
    repository: type[StateRepository[Any]]
    model: Callable[[], type[AggregateModel]]


@frozen
class EventSourced:
    """A type whose history is stored, in the table of events.

    It has no unique values, and is not listed by any.
    """

    aggregate_type: AggregateType[Any] = field()
    repository: type[TrackedRepository[Any]]

    @aggregate_type.validator
    def _check_claims(self, _: object, aggregate_type: AggregateType[Any]) -> None:
        if aggregate_type.unique:
            raise TypeError(f"{aggregate_type.name} is event-sourced: no value of it can be unique")
        if aggregate_type.listed_by:
            raise TypeError(f"{aggregate_type.name} is event-sourced: project it to list it")


@frozen(kw_only=True)
class Context:
    """One context. `repositories` are under the names that they have in the unit of work.

    Conditions can be on all tagged events of the `guarded` types, whatever their tags, and with
    `guards_everything` on all tagged events of the service: each is one more guard to move.
    """

    repositories: Mapping[str, StateStored | EventSourced] = field(factory=dict)
    event_types: tuple[EventType, ...] = ()
    integration_events: tuple[IntegrationEvent, ...] = ()
    projectors: tuple[AnyProjector, ...] = ()
    guarded: tuple[type[DomainEvent], ...] = ()
    guards_everything: bool = False


class Contexts:
    """All contexts of a service, and what derives from their declarations."""

    def __init__(self, contexts: Iterable[Context]) -> None:
        """Raises `ValueError` for a name, an event, a table or a projector declared twice."""
        every = tuple(contexts)
        self.repositories: dict[str, StateStored | EventSourced] = {}
        for context in every:
            for name, repository in context.repositories.items():
                if name in self.repositories:
                    raise ValueError(f"the repository {name} is declared twice")
                self.repositories[name] = repository
        self.event_types = EventRegistry(t for context in every for t in context.event_types)
        self.integration_events = IntegrationEventRegistry(
            declared for context in every for declared in context.integration_events
        )
        self.projectors = tuple(p for context in every for p in context.projectors)
        if len({str(projector) for projector in self.projectors}) < len(self.projectors):
            raise ValueError("two projectors have the same name and version")
        self.guarded = Guarded(
            frozenset(self.event_types.name_of(cls) for each in every for cls in each.guarded),
            any(context.guards_everything for context in every),
        )
        tables = [stored.aggregate_type.table for stored in self.state_stored]
        if len(set(tables)) < len(tables):
            raise ValueError(f"two aggregate types share one of the tables {sorted(tables)}")

    @property
    def tables(self) -> tuple[str, ...]:
        """The logical name of every table: those of the types, and those that all share."""
        own = (stored.aggregate_type.table for stored in self.state_stored)
        return (*own, *SHARED_TABLES)

    @property
    def state_stored(self) -> list[StateStored]:
        """Every type that has a table of its own."""
        return [each for each in self.repositories.values() if isinstance(each, StateStored)]
