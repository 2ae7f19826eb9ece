"""Orders, as both providers store them. The names of events are stored: never change them."""

from __future__ import annotations

from application.orders.integration_events import ORDER_INTEGRATION_EVENTS
from domain.orders import events
from domain.orders.errors import OrderNotFound
from domain.orders.order import Order
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.tracker import TrackedRepository
from infrastructure.contexts.context import Context, EventSourced
from infrastructure.events.registry import EventType

ORDER = AggregateType("Order", "events", Order, not_found=OrderNotFound)

ORDERS = Context(
    repositories={"orders": EventSourced(ORDER, TrackedRepository)},
    event_types=(
        EventType("OrderPlaced", events.OrderPlaced),
        EventType("LineAdded", events.LineAdded),
        EventType("LineRemoved", events.LineRemoved),
        EventType("OrderPaid", events.OrderPaid),
        EventType("OrderCancelled", events.OrderCancelled),
    ),
    integration_events=ORDER_INTEGRATION_EVENTS,
)
