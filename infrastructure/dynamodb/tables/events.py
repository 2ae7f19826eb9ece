"""Streams of events in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from typing_extensions import override

from application.ports.event_store import StoredEvent, StreamSlice
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages
from infrastructure.dynamodb.items import Item, model_of
from infrastructure.dynamodb.mappers.events import event_reader
from infrastructure.dynamodb.mappers.writing import is_new
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.events.streams import StreamTable, record_of, stream_key, stream_version
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


class DynamoDBEventTable(StreamTable):
    """Streams of events. `name` is the physical table."""

    def __init__(self, gateway: Gateway, model: type[EventModel], name: str) -> None:
        self._gateway = gateway
        self._model = model
        self._name = name
        self._read = event_reader(model)

    @override
    def append(self, events: Sequence[StoredEvent]) -> tuple[ItemAction, ...]:
        return tuple(self._put(event) for event in events)

    @override
    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
    ) -> StreamSlice:
        """See `StreamTable`. One request a page of up to 1 MB."""
        if last is not None and last < first:
            return StreamSlice(events=(), pages=0, read_units=0.0)
        request = self._query(stream, first, last, backwards=backwards)
        with self._gateway.meter.measure() as usage:
            found = list(pages(self._gateway, "Query", request, limit))
        events = tuple(self._read(item) for page in found for item in page)
        return StreamSlice(events=events, pages=len(found), read_units=usage.read_units)

    def _query(
        self, stream: StreamId, first: int, last: int | None, *, backwards: bool
    ) -> dict[str, Any]:
        version = self._model.sk
        keys = (self._model.pk == stream_key(stream)) & (
            version >= first if last is None else version.between(first, last)
        )
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        expression = keys.serialize(names, values)
        return {
            "TableName": self._name,
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": {alias: name for name, alias in names.items()},
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not backwards,
        }

    @staticmethod
    def _key(event: StoredEvent) -> Record:
        return {"pk": stream_key(event.stream), "sk": event.version}

    def _put(self, event: StoredEvent) -> ItemAction:
        return ItemAction(
            kind=ActionKind.PUT,
            table=self._name,
            model=model_of(self._model, {**self._key(event), **record_of(event)}),
            condition=is_new(self._model),
            refusals=(
                EventRefusal(
                    event.stream,
                    event.commit_first - 1,
                    lambda: stream_version(self, event.stream),
                ),
            ),
            # Nobody removes an event: what was applied once is found by every later attempt.
            repeatable=True,
        )
