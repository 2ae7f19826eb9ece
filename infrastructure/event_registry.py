"""The event types that are stored: their names, schema versions, and how old ones become new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from attrs import field, frozen
from cattrs import transform_error
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

from application.errors import UnknownEventType, UnreadableEvent
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.serialization import CONVERTER

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


@frozen
class EncodedEvent:
    """An event as it is stored: `data` is JSON."""

    type: str
    schema_version: int
    data: bytes


class EventRegistry:
    """Encodes events under their stored names, and decodes what was ever stored."""

    def __init__(self, types: Iterable[EventType]) -> None:
        """Raises `ValueError` for a name or class given twice, and for a gap between upcasters."""
        self._by_name: dict[str, EventType] = {}
        self._by_class: dict[type[DomainEvent], EventType] = {}
        for event_type in types:
            self._register(event_type)

    def encode(self, event: DomainEvent) -> EncodedEvent:
        """The event under its stored name.

        Raises `TypeError` for a class not registered, `InvalidValue` for what JSON cannot hold.
        """
        event_type = self._by_class.get(type(event))
        if event_type is None:
            raise TypeError(f"{type(event).__name__} is not a registered event type")
        try:
            data = orjson.dumps(CONVERTER.unstructure(event, unstructure_as=event_type.cls))
        except (TypeError, ValueError) as error:
            raise InvalidValue(event_type.name, f"cannot be stored as JSON: {error}") from error
        return EncodedEvent(event_type.name, event_type.schema_version, data)

    def decode(self, encoded: EncodedEvent, *, stream: str, version: int) -> DomainEvent:
        """The event, in the form that its class has today.

        Raises `UnknownEventType` and `UnreadableEvent`, which name `stream` and `version`.
        """
        event_type = self._by_name.get(encoded.type)
        if event_type is None:
            raise UnknownEventType(stream, version, encoded.type)
        try:
            return CONVERTER.structure(_upcast(event_type, encoded), event_type.cls)
        except (BaseValidationError, StructureHandlerNotFoundError) as error:
            problems = "; ".join(transform_error(error))
        except (ValueError, KeyError, TypeError) as error:
            problems = f"{type(error).__name__}: {error}"
        raise UnreadableEvent(stream, version, encoded.type, problems)

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


def _upcast(event_type: EventType, encoded: EncodedEvent) -> Data:
    if not 1 <= encoded.schema_version <= event_type.schema_version:
        raise ValueError(f"schema version {encoded.schema_version} is not known here")
    data: Data = orjson.loads(encoded.data)
    for version in range(encoded.schema_version, event_type.schema_version):
        data = event_type.upcasters[version](data)
    return data
