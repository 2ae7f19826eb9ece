"""The events that leave the service, made into messages. Names and formats here are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from application.message_types import MessageType
from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.committing import Commit, RecordedEvent
from infrastructure.serialization import CONVERTER

AGGREGATE_VERSION = "aggregateVersion"
"""Header with the version that the event belongs to, for receivers that put events in order."""


class MessageRegistry:
    """Makes the messages of a commit, for events of the types that are declared."""

    def __init__(self, types: Iterable[MessageType]) -> None:
        """Raises `ValueError` for a name or an event declared twice."""
        self._by_event: dict[type[DomainEvent], MessageType] = {}
        names = set()
        for message_type in types:
            if message_type.event in self._by_event or message_type.name in names:
                raise ValueError(f"{message_type.name} or its event is declared twice")
            self._by_event[message_type.event] = message_type
            names.add(message_type.name)

    @property
    def destinations(self) -> frozenset[str]:
        """Where messages of these types go, by logical name."""
        return frozenset(message_type.destination for message_type in self._by_event.values())

    def leaves(self, event: DomainEvent) -> bool:
        """Whether committing this event adds a message."""
        return type(event) in self._by_event

    def messages(self, commit: Commit) -> Iterator[OutboxMessage]:
        """One message for each event of the commit that leaves, under its aggregate's id.

        Raises `InvalidValue` for what JSON cannot hold.
        """
        for index, recorded in enumerate(commit.events):
            message_type = self._by_event.get(type(recorded.event))
            if message_type is not None:
                id_ = message_id(recorded.version, index, commit.id)
                yield _message(message_type, recorded, id_)


def message_id(version: int, index: int, commit_id: str) -> str:
    """The id of an event's message: within an aggregate these sort by version.

    `index` is the event's place in its commit, from 0.
    """
    return f"{version:012}-{index:03}-{commit_id}"


def _message(message_type: MessageType, recorded: RecordedEvent, id_: str) -> OutboxMessage:
    return OutboxMessage(
        message_id=id_,
        message_type=message_type.name,
        destination=message_type.destination,
        ordering_key=recorded.aggregate_id,
        payload=_payload(message_type, recorded.event),
        headers={AGGREGATE_VERSION: str(recorded.version)},
        aggregate_id=recorded.aggregate_id,
        aggregate_type=recorded.aggregate_type,
        correlation_id=recorded.metadata.correlation_id,
        causation_id=recorded.metadata.causation_id,
        created_at=recorded.event.occurred_at,
    )


def _payload(message_type: MessageType, event: DomainEvent) -> bytes:
    try:
        return orjson.dumps(CONVERTER.unstructure(event, unstructure_as=message_type.event))
    except (TypeError, ValueError) as error:
        raise InvalidValue(message_type.name, f"cannot be written as JSON: {error}") from error
