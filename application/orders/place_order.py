"""Placing an order."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order
from domain.orders.values import OrderLine


@frozen
class PlaceOrder:
    """Starts the history of an order."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory

    def __call__(self, *, customer_id: str, lines: tuple[OrderLine, ...]) -> Order:
        """The new order. Raises `OrderNeedsLines`, `LineExists`."""
        order = Order.place(
            id=self.ids.new_id(),
            customer_id=customer_id,
            lines=lines,
            now=self.clock.now(),
        )
        with self.unit_of_work() as unit:
            unit.orders.add(order)
            unit.commit()
        return order
