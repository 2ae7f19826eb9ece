"""Streams of events in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, frozen
from pynamodb.models import Model
from typing_extensions import override

from application.ports.event_store import StoredEvent, StreamSlice
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, model_of
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.mappers.writing import is_new
from infrastructure.dynamodb.models.events import EventModel, packed_model
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.events.packing import packed_record
from infrastructure.events.ranges import ItemsOfStream, StreamReading
from infrastructure.events.streams import (
    EventDecoder,
    StreamTable,
    record_of,
    stream_key,
    stream_version,
)
from infrastructure.limits import Record


@frozen
class EventRefusal(Refusal):
    """Of the condition that a version of a stream is free. Events are never removed."""

    stream: StreamId
    expected: int
    version: Callable[[], int]

    @override
    def error(self, old: Item | None) -> Conflict | None:
        """`ConcurrencyConflict` with the version read now."""
        return ConcurrencyConflict(self.stream.type, self.stream.id, self.expected, self.version())

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by the commit that wrote the event which is there."""
        if old is None:
            return Verdict.UNKNOWN
        return Verdict.APPLIED if old["commitId"]["S"] == commit_id else Verdict.REFUSED


@frozen
class MovedRefusal(EventRefusal):
    """Of the condition that a stream is still at a version."""

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A check leaves no trace: events may have come after a commit that was applied."""
        return Verdict.UNKNOWN


class DynamoDBEventTable(StreamTable):
    """Streams of events. `name` is the physical table; with `packed` a commit is one item."""

    def __init__(
        self, gateway: Gateway, model: type[EventModel], name: str, *, packed: bool = False
    ) -> None:
        self._gateway = gateway
        self._model = model
        self._name = name
        self._packed = packed
        self._reader = EventReader(model)

    @override
    def append(self, events: Sequence[StoredEvent]) -> tuple[ItemAction, ...]:
        if not self._packed:
            return tuple(self._put(event, self._model, record_of(event)) for event in events)
        if not events:
            return ()
        return (self._put(events[0], packed_model(self._model), packed_record(events)),)

    @override
    def check(self, stream: StreamId, version: int) -> ItemAction:
        # In either layout the next commit begins with an item of the next version.
        return ItemAction(
            kind=ActionKind.CHECK,
            table=self._name,
            model=self._model(pk=stream_key(stream), sk=version + 1),
            condition=is_new(self._model),
            refusals=(MovedRefusal(stream, version, lambda: stream_version(self, stream)),),
        )

    @override
    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
        decode: EventDecoder | None = None,
    ) -> StreamSlice:
        """See `StreamTable`. Each request is one for every page of 1 MB."""
        items = _Items(self._gateway, self._name, self._model, self._reader, stream, decode)
        with self._gateway.meter.measure() as usage:
            reading = StreamReading(stream, items)
            events = reading.read(first, last, backwards=backwards, limit=limit)
        return StreamSlice(events=events, pages=items.pages, read_units=usage.read_units)

    def _put(self, first: StoredEvent, model: type[Model], record: Record) -> ItemAction:
        return ItemAction(
            kind=ActionKind.PUT,
            table=self._name,
            model=model_of(model, record),
            condition=is_new(self._model),
            refusals=(
                EventRefusal(
                    first.stream,
                    first.commit_first - 1,
                    lambda: stream_version(self, first.stream),
                ),
            ),
            # Nobody removes an event: what was applied once is found by every later attempt.
            repeatable=True,
        )


@define
class _Items(ItemsOfStream[Item]):
    """The items of one stream, strongly consistent. `pages` counts the requests."""

    _gateway: Gateway
    _table: str
    _model: type[EventModel]
    _reader: EventReader
    _stream: StreamId
    _decode: EventDecoder | None
    pages: int = 0

    @override
    def between(
        self, low: int, high: int | None, *, backwards: bool, limit: int | None = None
    ) -> list[Item]:
        request = self._query(low, high, backwards=backwards)
        found = []
        for page in pages(self._gateway, "Query", request, limit):
            self.pages += 1
            found += page
        return found

    @override
    def span(self, item: Item) -> tuple[int, int]:
        return self._reader.span(item)

    @override
    def events(self, item: Item, low: int, high: int) -> Sequence[StoredEvent]:
        return self._reader.events(item, low, high, self._decode)

    def _query(self, low: int, high: int | None, *, backwards: bool) -> dict[str, Any]:
        version = self._model.sk
        keys = (self._model.pk == stream_key(self._stream)) & (
            version >= low if high is None else version.between(low, high)
        )
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        expression = keys.serialize(names, values)
        return {
            "TableName": self._table,
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": {alias: name for name, alias in names.items()},
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not backwards,
        }
