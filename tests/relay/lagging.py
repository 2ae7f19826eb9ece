"""An index that shows changes late, each by a time of its own: what is new, and what is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from threading import Lock
from typing import Any, Generic, TypeVar

from attrs import define, field, frozen
from typing_extensions import override

from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.memory.tables.outbox import MemoryOutboxTable
from infrastructure.outbox.table import Queue, QueueEntry
from tests.relay.virtual_time import VirtualTime

EntryT = TypeVar("EntryT")


@frozen
class Lag:
    """Up to how many seconds late. The lag begins when a change is first looked at."""

    time: VirtualTime
    random: Random
    longest: float

    def end(self) -> datetime:
        return self.time.now() + timedelta(seconds=self.random.uniform(0, self.longest))


@define
class LaggingView(Generic[EntryT]):
    """What is shown of entries that come and go. Never two changes of one entry out of order."""

    lag: Lag
    _lock: Lock = field(factory=Lock)
    _known: dict[str, EntryT] = field(factory=dict)
    _shown: dict[str, EntryT] = field(factory=dict)
    _due: dict[str, list[tuple[datetime, EntryT | None]]] = field(factory=dict)

    def look(self, entries: Mapping[str, EntryT]) -> list[EntryT]:
        """What is shown now, given what is there."""
        with self._lock:
            for key in sorted(entries.keys() ^ self._known.keys()):
                self._change(key, entries.get(key))
            self._known = dict(entries)
            self._show()
            return list(self._shown.values())

    def _change(self, key: str, entry: EntryT | None) -> None:
        changes = self._due.setdefault(key, [])
        end = self.lag.end()
        changes.append((max(end, changes[-1][0]) if changes else end, entry))

    def _show(self) -> None:
        now = self.lag.time.now()
        for key, changes in list(self._due.items()):
            while changes and changes[0][0] <= now:
                entry = changes.pop(0)[1]
                if entry is None:
                    self._shown.pop(key, None)
                else:
                    self._shown[key] = entry
            if not changes:
                del self._due[key]


@frozen
class LaggingMemoryTable(MemoryOutboxTable):
    """An outbox in memory whose index lags."""

    view: LaggingView[QueueEntry]

    @override
    def pending_pages(self) -> Iterator[Sequence[QueueEntry]]:
        entries = {str(entry.key): entry for entry in self.entries(Queue.PENDING)}
        shown = sorted(self.view.look(entries), key=lambda entry: str(entry.key))
        if shown:
            yield shown


@define
class LaggingIndex:
    """The index `outstanding` of a table as clients see it that share this view."""

    lag: Lag
    _views: dict[str, LaggingView[dict[str, Any]]] = field(factory=dict)
    _shown: dict[str, tuple[datetime, list[dict[str, Any]]]] = field(factory=dict)
    _lock: Lock = field(factory=Lock)

    def query(self, send: Callable[..., Any], request: Mapping[str, Any]) -> Any:
        """The answer to a query of the index: the one before, with what is shown in its place."""
        values = request["ExpressionAttributeValues"]
        last = values.get(":last", {"S": ""})["S"]
        left = [i for i in self._look(send, request, values[":queue"]) if i["pk"]["S"] > last]
        page = left[: request.get("Limit")]
        answer = {**send(**{**request, "Limit": 1}), "Items": page}
        answer.pop("LastEvaluatedKey", None)
        if len(page) < len(left):
            answer["LastEvaluatedKey"] = {"pk": page[-1]["pk"], "sk": page[-1]["sk"]}
        return answer

    def _look(
        self, send: Callable[..., Any], request: Mapping[str, Any], queue: dict[str, str]
    ) -> list[dict[str, Any]]:
        now = self.lag.time.now()
        with self._lock:
            at, shown = self._shown.get(queue["S"], (None, []))
            if at != now:  # at one moment it shows one thing
                everything = {
                    "TableName": request["TableName"],
                    "IndexName": request["IndexName"],
                    "KeyConditionExpression": "outstanding = :queue",
                    "ExpressionAttributeValues": {":queue": queue},
                }
                view = self._views.setdefault(queue["S"], LaggingView(self.lag))
                shown = view.look({str(_key(item)): item for item in _all(send, everything)})
                shown.sort(key=_key)
                self._shown[queue["S"]] = (now, shown)
            return shown


@define
class LaggingClient:
    """A DynamoDB client to which the index shows things late."""

    client: Client
    index: LaggingIndex

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self.client, operation)

        def call(**request: Any) -> Any:
            if operation == "query" and request.get("IndexName") == "outstanding":
                return self.index.query(method, request)
            return method(**request)

        return call


def _all(send: Callable[..., Any], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        answer = send(**request)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
