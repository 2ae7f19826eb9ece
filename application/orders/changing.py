"""What every change of an order has in common."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from application.deciding import decide, require_version
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.errors import OrderNotFound
from domain.orders.order import Order


@frozen(kw_only=True)
class OrderCommand:
    """Which order is to change.

    `customer_id` is whose it has to be; None: anybody's. `expected_version` is the version the
    change was decided on; None: whatever is there.
    """

    order_id: str
    customer_id: str | None = None
    expected_version: int | None = None


def change_order(
    unit_of_work: UnitOfWorkFactory, command: OrderCommand, change: Callable[[Order], None]
) -> Order:
    """The order after `change`, committed.

    With an expected version, somebody else's commit is a `ConcurrencyConflict`; without one the
    change is decided anew on what is there. Raises what `change` raises, and `OrderNotFound`,
    for an order of another customer too.
    """

    def attempt() -> Order:
        with unit_of_work() as unit:
            order = unit.orders.get(command.order_id)
            require_customer(order.id, order.customer_id, command.customer_id)
            require_version("Order", order, command.expected_version)
            change(order)
            unit.orders.save(order)
            unit.commit()
            return order

    return decide(attempt, expected_version=command.expected_version)


def require_customer(order_id: str, actual: str, required: str | None) -> None:
    """Raises `OrderNotFound` for an order of another customer, which is not theirs to know of."""
    if required is not None and actual != required:
        raise OrderNotFound(order_id)
