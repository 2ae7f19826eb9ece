"""Placing an order."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from application.idempotent_request import Keep
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order
from domain.orders.price_list import PriceList, RequestedLine


@frozen
class PlaceOrder:
    """Starts the history of an order, at the prices of the list."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory
    price_list: PriceList

    def __call__(
        self,
        *,
        customer_id: str,
        lines: Sequence[RequestedLine],
        keep: Keep[Order] | None = None,
    ) -> Order:
        """The new order. Raises `OrderNeedsLines`, `LineExists`, `ArticleNotSold`."""
        order = Order.place(
            id=self.ids.new_id(),
            customer_id=customer_id,
            lines=tuple(map(self.price_list.line, lines)),
            now=self.clock.now(),
        )
        with self.unit_of_work() as unit:
            unit.orders.add(order)
            if keep is not None:
                keep(unit, order)
            unit.commit()
        return order
