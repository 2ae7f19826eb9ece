"""Orders, as both providers store them. The names of events are stored: never change them."""

from __future__ import annotations

from typing import TypeVar

from domain.orders import events
from domain.orders.errors import OrderNotFound
from domain.orders.order import Order
from infrastructure.aggregates import AggregateType
from infrastructure.event_registry import EventType
from infrastructure.repository import TrackedRepository

ActionT = TypeVar("ActionT")

ORDERS = AggregateType("Order", "events", Order, not_found=OrderNotFound)

ORDER_EVENTS = (
    EventType("OrderPlaced", events.OrderPlaced),
    EventType("LineAdded", events.LineAdded),
    EventType("LineRemoved", events.LineRemoved),
    EventType("OrderPaid", events.OrderPaid),
    EventType("OrderCancelled", events.OrderCancelled),
)


class StoredOrderRepository(TrackedRepository[Order, ActionT]):
    """Implements `OrderRepository` on either provider."""
