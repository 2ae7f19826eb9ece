"""The bodies of requests about orders, and what is shown of an order and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from attrs import asdict
from pydantic import BaseModel, BeforeValidator, Field, StrictInt

from api.http.body import LINE, Body, Rule
from application.ports.event_store import StoredEvent
from domain.orders.order import Order
from domain.orders.price_list import RequestedLine
from domain.orders.values import (
    MAX_LINES,
    MAX_OF_A_LINE,
    MAX_TEXT,
    SKU,
    SKU_RULE,
)

# What the path and the other members of an event say already.
_SAID = {"order_id", "occurred_at"}

SKU_PATTERN = f"^{SKU.pattern}$"


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[StrictInt, BeforeValidator(_whole)]
"""A whole number; to JSON, `2.0` is one too."""

Sku = Annotated[str, Field(pattern=SKU_PATTERN), Rule(SKU_RULE)]

Text = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TEXT, pattern=LINE),
    Rule(f"must be text of 1 to {MAX_TEXT} printable characters"),
]


class LineBody(Body):
    """So many of one article. What it costs is not for customers to say."""

    sku: Sku = Field(examples=["algebra"])
    quantity: WholeNumber = Field(ge=1, le=MAX_OF_A_LINE, examples=[1])

    def requested(self) -> RequestedLine:
        """What the customer asks for."""
        return RequestedLine(self.sku, self.quantity)


class PlaceBody(Body):
    """A new order. It is always the caller's own."""

    # How many there may be is only described: the order itself says so, by a problem of its own.
    lines: list[LineBody] = Field(
        description="Each of another article.",
        json_schema_extra={"minItems": 1, "maxItems": MAX_LINES},
    )

    def requested(self) -> list[RequestedLine]:
        """What the customer asks for."""
        return [body.requested() for body in self.lines]


class CancelBody(Body):
    """Why the order is called off."""

    reason: Text


class LineView(BaseModel):
    """A line as shown."""

    sku: str
    title: str
    quantity: int
    unit_price_cents: int
    total_cents: int


class OrderView(BaseModel):
    """An order as shown. `version` counts its events, and is also the ETag."""

    id: str
    customer_id: str
    status: str
    lines: list[LineView]
    total_cents: int
    version: int

    @classmethod
    def of(cls, order: Order) -> OrderView:
        """What is shown of this order."""
        return cls(
            id=order.id,
            customer_id=order.customer_id,
            status=order.status.value,
            lines=[LineView(**asdict(line), total_cents=line.total_cents) for line in order.lines],
            total_cents=order.total_cents,
            version=order.version,
        )


class EventView(BaseModel):
    """One thing that happened to an order. `data` depends on `type`."""

    version: int
    type: str
    timestamp: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, stored: StoredEvent) -> EventView:
        """What is shown of this event."""
        data = asdict(stored.event, filter=lambda attribute, _: attribute.name not in _SAID)
        return cls(version=stored.version, type=stored.type, timestamp=stored.timestamp, data=data)


class OrderHistory(BaseModel):
    """What happened to an order, oldest first. `next_after` asks for the next; null: no more."""

    items: list[EventView]
    next_after: int | None

    @classmethod
    def of(cls, events: Sequence[StoredEvent], size: int) -> OrderHistory:
        """What is shown of a page of up to `size` events."""
        following = events[-1].version if len(events) == size else None
        return cls(items=[EventView.of(stored) for stored in events], next_after=following)
