"""Streams of events in a DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.appending import head
from infrastructure.dynamodb.actions import Action, Kind, Verdict
from infrastructure.dynamodb.event_items import to_model, to_record
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.streams import EventRecord, RecordSlice, stream_key

MOST_ITEMS = 2**31 - 1
"""The largest limit that a query takes: it is a 32 bit number there."""


@frozen
class EventOwner:
    """Owns the condition that a version of a stream is free. Events are never removed."""

    stream: StreamId
    expected: int
    head: Callable[[], int]

    def error(self, old: Item | None) -> Conflict | None:
        """`ConcurrencyConflict` with the version read now."""
        return ConcurrencyConflict(self.stream.type, self.stream.id, self.expected, self.head())

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by the commit that wrote the event which is there."""
        if old is None:
            return Verdict.UNKNOWN
        return Verdict.APPLIED if old["commitId"]["S"] == commit_id else Verdict.REFUSED


class DynamoDBEventTable:
    """Implements `StreamTable`. `name` is the physical table."""

    def __init__(self, gateway: Gateway, model: type[EventModel], name: str) -> None:
        self._gateway = gateway
        self._model = model
        self._name = name

    def append(self, records: Sequence[EventRecord]) -> tuple[Action, ...]:
        """See `StreamTable`."""
        return tuple(self._put(record) for record in records)

    def read(
        self,
        stream: StreamId,
        *,
        first: int = 1,
        last: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
    ) -> RecordSlice:
        """See `StreamTable`. One request a page of up to 1 MB."""
        if last is not None and last < first:
            return RecordSlice(records=(), pages=0, read_units=0.0)
        request = self._query(stream, first, last, backwards=backwards)
        items: list[Item] = []
        pages = 0
        with self._gateway.meter.measure() as usage:
            while limit is None or len(items) < limit:
                if limit is not None:
                    request["Limit"] = min(limit - len(items), MOST_ITEMS)
                answer = self._gateway.call("Query", request)
                pages += 1
                items += answer["Items"]
                if "LastEvaluatedKey" not in answer:
                    break
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        records = tuple(to_record(item, self._model) for item in items)
        return RecordSlice(records=records, pages=pages, read_units=usage.read_units)

    def _query(
        self, stream: StreamId, first: int, last: int | None, *, backwards: bool
    ) -> dict[str, Any]:
        keys = self._model.pk == stream_key(stream)
        if last is not None:
            keys &= self._model.sk.between(first, last)
        elif first > 1:
            keys &= self._model.sk >= first
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

    def _put(self, record: EventRecord) -> Action:
        return Action(
            kind=Kind.PUT,
            table=self._model.Meta.table_name,
            model=to_model(record, self._model),
            condition=self._model.pk.does_not_exist(),
            owners=(
                EventOwner(
                    record.stream,
                    record.commit_first - 1,
                    lambda: head(self, record.stream),
                ),
            ),
            # Nobody removes an event: what was applied once is found by every later attempt.
            repeatable=True,
        )
