"""The event types that are stored: their names, schema versions, and how old ones become new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from typing import Any

import orjson
from attrs import evolve, field, frozen
from cattrs import transform_error
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

from application.errors import LimitExceeded, UnknownEventType, UnreadableEvent
from application.event_context import current_event_context
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from application.ports.ids import IdFactory
from domain.consistency import StreamId
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.commit.participant import Commit
from infrastructure.events.large_events import LargeEvents, is_reference
from infrastructure.events.streams import raw_of
from infrastructure.serialization import CONVERTER, json_decoder

Data = dict[str, Any]
"""An event as plain data, by the names of its fields."""

Upcaster = Callable[[Data], Data]
"""Turns an event's data of one schema version into that of the next."""


@frozen
class EventType:
    """One stored type of event.

    `name` is stored: never change it. `upcasters` by the schema version they start from; a type
    at `schema_version` n has one for each of 1 to n - 1.
    """

    name: str
    cls: type[DomainEvent]
    schema_version: int = 1
    upcasters: Mapping[int, Upcaster] = field(factory=dict)


class EventRegistry:
    """Encodes events under their stored names, and decodes what was ever stored."""

    def __init__(self, types: Iterable[EventType]) -> None:
        """Raises `ValueError` for a name or class given twice, and for a gap between upcasters."""
        self.large_events: LargeEvents | None = None
        self._by_name: dict[str, EventType] = {}
        self._by_class: dict[type[DomainEvent], EventType] = {}
        self._decoders: dict[str, Callable[[bytes], DomainEvent] | None] = {}
        self._current: dict[tuple[str, int], Callable[[bytes], DomainEvent]] = {}
        for event_type in types:
            self._register(event_type)

    def encode(self, event: DomainEvent) -> RawEvent:
        """The event under its stored name.

        Raises `TypeError` for a class not registered, `InvalidValue` for what JSON cannot hold, and
        what the blob store raises for a large event.
        """
        event_type = self._by_name[self.name_of(type(event))]
        try:
            data = orjson.dumps(CONVERTER.unstructure(event, unstructure_as=event_type.cls))
        except (TypeError, ValueError) as error:
            raise InvalidValue(event_type.name, f"cannot be stored as JSON: {error}") from error
        if self.large_events is not None:
            data = self.large_events.reference(data)
        return RawEvent(event_type.name, event_type.schema_version, data)

    def with_large_events(self, large: LargeEvents | None) -> EventRegistry:
        """The same types, with the data of large events in blobs."""
        made = copy(self)
        made.large_events = large
        return made

    def name_of(self, event: type[DomainEvent] | str) -> str:
        """The stored name of a class; a name is given back as it is.

        Raises `TypeError` for a class not registered.
        """
        if isinstance(event, str):
            return event
        event_type = self._by_class.get(event)
        if event_type is None:
            raise TypeError(f"{event.__name__} is not a registered event type")
        return event_type.name

    def decode(self, encoded: RawEvent, where: str) -> DomainEvent:
        """A raw event in the form that its class has today; `where` names it in errors.

        Raises `UnknownEventType`, `UnreadableEvent`, and what reading a blob raises.
        """
        event_type = self._by_name.get(encoded.type)
        if event_type is None:
            raise UnknownEventType(where, encoded.type)
        if self.large_events is not None:
            encoded = evolve(encoded, data=self.large_events.data(encoded.data))
        decode = self._decoders[event_type.name]
        if decode is not None and encoded.schema_version == event_type.schema_version:
            with suppress(ValueError):  # the converter says what is wrong
                return decode(encoded.data)
        try:
            return CONVERTER.structure(_upcast(event_type, encoded), event_type.cls)
        except (BaseValidationError, StructureHandlerNotFoundError) as error:
            problems = "; ".join(transform_error(error))
        except (ValueError, KeyError, TypeError) as error:
            problems = f"{type(error).__name__}: {error}"
        raise UnreadableEvent(where, encoded.type, problems)

    def decode_stored(
        self, stream: StreamId, version: int, type_: str, schema_version: int, data: bytes
    ) -> DomainEvent:
        """An `EventDecoder`. Raises what `decode` raises."""
        current = self._current.get((type_, schema_version))
        if current is not None and not is_reference(data):
            try:
                return current(data)
            except ValueError:
                pass  # the slow way says what is wrong
        return self.decode(RawEvent(type_, schema_version, data), f"event {version} of {stream}")

    def decoded(self, stored: StoredEvent) -> StoredEvent:
        """The same with its event decoded. Raises what `decode` raises."""
        return evolve(stored, event=self.decode(raw_of(stored), stored.name))

    def _register(self, event_type: EventType) -> None:
        if event_type.name in self._by_name or event_type.cls in self._by_class:
            raise ValueError(f"{event_type.name} or its class is registered twice")
        expected = set(range(1, event_type.schema_version))
        if set(event_type.upcasters) != expected:
            raise ValueError(
                f"{event_type.name} is at schema version {event_type.schema_version} and needs "
                f"upcasters from {sorted(expected)}, not from {sorted(event_type.upcasters)}"
            )
        self._by_name[event_type.name] = event_type
        self._by_class[event_type.cls] = event_type
        decoder = self._decoders[event_type.name] = json_decoder(event_type.cls)
        if decoder is not None:
            self._current[event_type.name, event_type.schema_version] = decoder


class EventEncoder:
    """Makes what is stored of events that follow a version."""

    def __init__(
        self,
        registry: EventRegistry,
        ids: IdFactory,
        max_events: int | None = 100,
        is_dispatched: Callable[[DomainEvent], bool] = lambda _: False,
    ) -> None:
        """`is_dispatched` tells whether the commit of an event puts a message into the outbox."""
        self._registry = registry
        self._ids = ids
        self._max_events = max_events
        self._is_dispatched = is_dispatched

    def encode(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        after: int,
        commit: Commit,
        metadata: EventMetadata | None = None,
    ) -> list[StoredEvent]:
        """Each event, raw, with all that is stored beside it.

        Raises `LimitExceeded` for too many, `InvalidValue` for a time without its zone, and what
        `EventRegistry.encode` raises.
        """
        if self._max_events is not None and len(events) > self._max_events:
            raise LimitExceeded(
                "events in one append", len(events), self._max_events, "events", str(stream)
            )
        encoded = [self._registry.encode(event) for event in events]
        return [
            StoredEvent(
                stream=stream,
                version=after + n,
                event_id=self._ids.new_id(),
                type=raw.type,
                timestamp=in_utc(event),
                event=raw,
                metadata=metadata or current_event_context(),
                commit_id=commit.id,
                commit_first=after + 1,
                commit_count=len(events),
                is_dispatched=self._is_dispatched(event),
            )
            for n, (event, raw) in enumerate(zip(events, encoded, strict=True), 1)
        ]


def in_utc(event: DomainEvent) -> datetime:
    """When an event happened. Raises `InvalidValue` for a time without its zone."""
    if event.occurred_at.tzinfo is None:
        raise InvalidValue("occurred_at", "needs a time zone")
    return event.occurred_at.astimezone(UTC)


def _upcast(event_type: EventType, encoded: RawEvent) -> Data:
    if not 1 <= encoded.schema_version <= event_type.schema_version:
        raise ValueError(f"schema version {encoded.schema_version} is not known here")
    data: Data = orjson.loads(encoded.data)
    for version in range(encoded.schema_version, event_type.schema_version):
        data = event_type.upcasters[version](data)
    return data
