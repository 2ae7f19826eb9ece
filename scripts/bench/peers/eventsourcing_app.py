"""The package `eventsourcing`: on DynamoDB with its extension, and in memory.

The extension writes events in batches without a condition: a stream that somebody else has appended
to is overwritten. It cannot read the events of all streams, so it feeds no projection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from scripts.bench import data
from scripts.bench.data import Place

_LINE = {"sku": "a", "title": data.TITLE, "quantity": 1, "unit_price_cents": 1}


class Order(Aggregate):
    """The lines of an order by their articles."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: tuple[dict[str, Any], ...] = ()

    @staticmethod
    def create_id(name: str) -> UUID:
        """Of the order of this name."""
        return uuid5(NAMESPACE_URL, name)

    @event("LineAdded")
    def add_line(self, line: dict[str, Any]) -> None:
        """Adds a line."""
        self.lines = (*self.lines, line)

    @event("LineRemoved")
    def remove_line(self, sku: str) -> None:
        """Removes the line of this article."""
        self.lines = tuple(line for line in self.lines if line["sku"] != sku)


def order(name: str, count: int) -> Order:
    """An order with so many events that are not saved yet."""
    made = Order(name)
    for _ in range(count - 1):
        made.add_line(_LINE)
    return made


def long_order() -> Order:
    """Lines come and go, so that the order stays small."""
    made = Order("long")
    for _ in range(data.REPLAYED // 2):
        made.add_line(_LINE)
        made.remove_line("a")
    return made


class Replay:
    """An order with 100,000 events, in memory."""

    def __init__(self) -> None:
        self._application = Application(env={"PERSISTENCE_MODULE": "eventsourcing.popo"})
        self._id: UUID | None = None

    def replay(self, _: int) -> Order:
        """The order."""
        if self._id is None:
            made = long_order()
            self._application.save(made)
            self._id = made.id
        found: Order = self._application.repository.get(self._id)
        return found


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name. What it has no answer to is left out."""
    stored = Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing_dynamodb",
            "DYNAMO_TABLE": place.table("eventsourcing"),
            "DYNAMO_ENDPOINT_URL": place.endpoint_url,
        }
    )

    def prepare(_: int) -> None:
        stored.save(order("long", data.EVENTS))

    def append(count: int) -> Callable[[int], object]:
        return lambda number: stored.save(order(place.new(number), count))

    def load(_: int) -> list[Any]:
        return list(stored.events.get(Order.create_id("long")))

    return {
        "prepare": prepare,
        "append 1": append(1),
        "append 5": append(5),
        "append 50": append(50),
        "load": load,
        "replay": Replay().replay,
    }
