"""The order aggregate: rules that decide on events, and events that make its state."""

from __future__ import annotations

from datetime import datetime

from attrs import define, setters

from domain.event_sourced import EventSourced
from domain.events import DomainEvent
from domain.orders.errors import LineExists, LineNotFound, OrderIsClosed, OrderNeedsLines
from domain.orders.events import (
    LineAdded,
    LineRemoved,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
)
from domain.orders.values import MAX_LINES, OrderLine, OrderStatus, parse_reason


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Order(EventSourced):
    """What a customer ordered. Open until it is paid or cancelled."""

    customer_id: str = ""
    lines: tuple[OrderLine, ...] = ()
    status: OrderStatus = OrderStatus.OPEN

    @classmethod
    def place(
        cls, *, id: str, customer_id: str, lines: tuple[OrderLine, ...], now: datetime
    ) -> Order:
        """A new order. Raises `OrderNeedsLines`, `LineExists` for an article listed twice."""
        if not 1 <= len(lines) <= MAX_LINES:
            raise OrderNeedsLines()
        seen: set[str] = set()
        for line in lines:
            if line.sku in seen:
                raise LineExists(line.sku)
            seen.add(line.sku)
        order = cls(id=id)
        order._trigger(
            OrderPlaced(order_id=id, customer_id=customer_id, lines=lines, occurred_at=now)
        )
        return order

    @property
    def total_cents(self) -> int:
        """What all lines cost together."""
        return sum(line.total_cents for line in self.lines)

    def add_line(self, line: OrderLine, now: datetime) -> None:
        """Adds a line. Raises `OrderIsClosed`, `LineExists`, `OrderNeedsLines` beyond a hundred."""
        self._check_open()
        if self._has(line.sku):
            raise LineExists(line.sku)
        if len(self.lines) == MAX_LINES:
            raise OrderNeedsLines()
        self._trigger(LineAdded(order_id=self.id, line=line, occurred_at=now))

    def remove_line(self, sku: str, now: datetime) -> None:
        """Removes a line. Raises `OrderIsClosed`, `LineNotFound`, or `OrderNeedsLines`."""
        self._check_open()
        if not self._has(sku):
            raise LineNotFound(sku)
        if len(self.lines) == 1:
            raise OrderNeedsLines()
        self._trigger(LineRemoved(order_id=self.id, sku=sku, occurred_at=now))

    def pay(self, now: datetime) -> None:
        """Marks the order as paid in full. Raises `OrderIsClosed`."""
        self._check_open()
        self._trigger(OrderPaid(order_id=self.id, amount_cents=self.total_cents, occurred_at=now))

    def cancel(self, reason: str, now: datetime) -> None:
        """Calls the order off; doing it again changes nothing. Raises `OrderIsClosed` if paid."""
        if self.status is OrderStatus.CANCELLED:
            return
        self._check_open()
        reason = parse_reason(reason)
        self._trigger(OrderCancelled(order_id=self.id, reason=reason, occurred_at=now))

    def apply(self, event: DomainEvent) -> None:
        """See `EventSourced`."""
        match event:
            case OrderPlaced():
                self._set(customer_id=event.customer_id, lines=event.lines)
            case LineAdded():
                self._set(lines=(*self.lines, event.line))
            case LineRemoved():
                self._set(lines=tuple(x for x in self.lines if x.sku != event.sku))
            case OrderPaid():
                self._set(status=OrderStatus.PAID)
            case OrderCancelled():
                self._set(status=OrderStatus.CANCELLED)

    def _has(self, sku: str) -> bool:
        return any(line.sku == sku for line in self.lines)

    def _check_open(self) -> None:
        if self.status is not OrderStatus.OPEN:
            raise OrderIsClosed(self.id, self.status.value)
