"""Looking at orders and at what happened to them."""

from __future__ import annotations

from attrs import frozen

from application.orders.change_order import require_customer
from application.ports.event_store import EventStore, StoredEvent
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.consistency import StreamId
from domain.orders.errors import OrderNotFound
from domain.orders.events import OrderPlaced
from domain.orders.order import Order


@frozen
class GetOrder:
    """One order by id."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, order_id: str, customer_id: str | None = None) -> Order:
        """The order as last committed.

        Raises `OrderNotFound`, for an order of another customer too if one is named.
        """
        with self.unit_of_work() as unit:
            order = unit.orders.get(order_id)
        require_customer(order_id, order.customer_id, customer_id)
        return order


@frozen
class GetOrderHistory:
    """What happened to one order."""

    event_store: EventStore

    def __call__(
        self,
        order_id: str,
        customer_id: str | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
    ) -> tuple[StoredEvent, ...]:
        """Its events after a version, oldest first. Raises what `GetOrder` raises."""
        stream = StreamId("Order", order_id)
        events = self.event_store.read(stream, first=after + 1, limit=limit).events
        first = events if after == 0 else self.event_store.read(stream, last=1).events
        match first:
            case (StoredEvent(event=OrderPlaced(customer_id=customer)), *_):
                require_customer(order_id, customer, customer_id)
                return events
        raise OrderNotFound(order_id)
