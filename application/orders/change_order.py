"""What every change of an order has in common."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from application.idempotent_request import Keep
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from domain.orders.errors import OrderNotFound
from domain.orders.order import Order


@frozen(kw_only=True)
class OrderToChange:
    """Which order is to change.

    `customer_id` is whose it has to be; None: anybody's. `expected_version` is the version the
    change was decided on; None: whatever is there.
    """

    order_id: str
    customer_id: str | None = None
    expected_version: int | None = None


def change_order(
    unit_of_work: UnitOfWorkFactory,
    target: OrderToChange,
    change: Callable[[Order], None],
    keep: Keep[Order] | None = None,
) -> Order:
    """The order after `change`, committed; see `change_aggregate`.

    Raises `OrderNotFound`, for an order of another customer too.
    """
    return change_aggregate(
        unit_of_work,
        lambda unit: unit.orders,
        target.order_id,
        change,
        expected_version=target.expected_version,
        admit=lambda order: require_customer(order.id, order.customer_id, target.customer_id),
        keep=keep,
    )


def require_customer(order_id: str, actual: str, required: str | None) -> None:
    """Raises `OrderNotFound` for an order of another customer, which is not theirs to know of."""
    if required is not None and actual != required:
        raise OrderNotFound(order_id)
