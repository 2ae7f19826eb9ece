"""What happens to orders. Fields are stored: a changed one needs an upcaster."""

from __future__ import annotations

from attrs import frozen

from domain.events import DomainEvent
from domain.orders.values import OrderLine


@frozen(kw_only=True)
class OrderEvent(DomainEvent):
    """Something that happened to one order."""

    order_id: str


@frozen(kw_only=True)
class OrderPlaced(OrderEvent):
    """A customer placed an order of these lines."""

    customer_id: str
    lines: tuple[OrderLine, ...]


@frozen(kw_only=True)
class LineAdded(OrderEvent):
    """A line was added."""

    line: OrderLine


@frozen(kw_only=True)
class LineRemoved(OrderEvent):
    """The line of this article was removed."""

    sku: str


@frozen(kw_only=True)
class OrderPaid(OrderEvent):
    """The order was paid in full."""

    amount_cents: int


@frozen(kw_only=True)
class OrderCancelled(OrderEvent):
    """The order was called off."""

    reason: str
