"""Messages as part of a unit of work: those of its events, and those added by hand.

Names and formats of what events are made into are stored, and known outside: never change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import orjson
from typing_extensions import override

from application.integration_events import IntegrationEvent
from application.ports.ids import IdFactory
from application.ports.outbox import OutboxMessage, OutboxWriter
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.commit.participant import Action, Commit, RecordedEvent
from infrastructure.commit.staged_items import StagedItems
from infrastructure.outbox.table import MessageCheck, OutboxTable, prepare
from infrastructure.serialization import CONVERTER

AGGREGATE_VERSION = "aggregateVersion"
"""Header with the version that the event belongs to, for receivers that put events in order."""


class IntegrationEventRegistry:
    """Makes the messages of a commit, for events of the types that are declared."""

    def __init__(self, types: Iterable[IntegrationEvent]) -> None:
        """Raises `ValueError` for a name or an event declared twice."""
        self._by_event: dict[type[DomainEvent], IntegrationEvent] = {}
        names = set()
        for declared in types:
            if declared.event in self._by_event or declared.name in names:
                raise ValueError(f"{declared.name} or its event is declared twice")
            self._by_event[declared.event] = declared
            names.add(declared.name)

    @property
    def destinations(self) -> frozenset[str]:
        """Where messages of these types go, by logical name."""
        return frozenset(declared.destination for declared in self._by_event.values())

    def is_declared(self, event: DomainEvent) -> bool:
        """Whether committing this event adds a message."""
        return type(event) in self._by_event

    def messages(self, commit: Commit) -> Iterator[OutboxMessage]:
        """One message for each integration event of the commit, under its aggregate's id.

        Raises `InvalidValue` for what JSON cannot hold.
        """
        for index, recorded in enumerate(commit.events):
            declared = self._by_event.get(type(recorded.event))
            if declared is not None:
                yield _message(declared, recorded, message_id(recorded.version, index, commit.id))


class EventMessages:
    """Stores the messages of a commit's events with it, see `participant.Follow`."""

    def __init__(
        self,
        table: OutboxTable,
        registry: IntegrationEventRegistry,
        ids: IdFactory,
        check: MessageCheck,
    ) -> None:
        self._table = table
        self._registry = registry
        self._ids = ids
        self._check = check

    def __call__(self, commit: Commit) -> Sequence[Action]:
        """The actions that add them. Raises what `Outbox.add` raises."""
        messages = self._registry.messages(commit)
        prepared = [prepare(message, self._ids, self._check) for message in messages]
        return [self._table.put(message, commit.id) for message in prepared]


class MessageAppender(StagedItems[OutboxMessage], OutboxWriter):
    """A participant of a unit of work."""

    def __init__(
        self,
        table: OutboxTable,
        ids: IdFactory,
        check: MessageCheck,
        check_open: Callable[[], None],
    ) -> None:
        super().__init__(table.put, check_open)
        self._ids = ids
        self._check = check

    @override
    def add(self, message: OutboxMessage) -> None:
        self.stage(prepare(message, self._ids, self._check))


def message_id(version: int, index: int, commit_id: str) -> str:
    """The id of an event's message: within an aggregate these sort by version.

    `index` is the event's place in its commit, from 0.
    """
    return f"{version:012}-{index:03}-{commit_id}"


def _message(declared: IntegrationEvent, recorded: RecordedEvent, id_: str) -> OutboxMessage:
    return OutboxMessage(
        message_id=id_,
        message_type=declared.name,
        destination=declared.destination,
        ordering_key=recorded.aggregate_id,
        payload=_payload(declared, recorded.event),
        headers={AGGREGATE_VERSION: str(recorded.version)},
        aggregate_id=recorded.aggregate_id,
        aggregate_type=recorded.aggregate_type,
        correlation_id=recorded.metadata.correlation_id,
        causation_id=recorded.metadata.causation_id,
        created_at=recorded.event.occurred_at,
    )


def _payload(declared: IntegrationEvent, event: DomainEvent) -> bytes:
    try:
        return orjson.dumps(CONVERTER.unstructure(event, unstructure_as=declared.event))
    except (TypeError, ValueError) as error:
        raise InvalidValue(declared.name, f"cannot be written as JSON: {error}") from error
