"""Where orders are kept."""

from __future__ import annotations

from typing import Protocol

from domain.orders.order import Order


class OrderRepository(Protocol):
    """The orders, as one unit of work sees them. Their history stays, so none is ever removed."""

    def get(self, order_id: str, /) -> Order:
        """The order as last committed (strongly consistent). Raises `OrderNotFound`."""
        ...

    def add(self, order: Order, /) -> None:
        """Stages a new order. The commit raises `ConcurrencyConflict` where its id exists."""
        ...

    def save(self, order: Order, /) -> None:
        """Stages what happened to an order; nothing happened, nothing is written.

        The commit raises `ConcurrencyConflict` where someone else appended meanwhile.
        """
        ...
