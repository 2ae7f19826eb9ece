"""Paying an order, or calling it off."""

from __future__ import annotations

from attrs import frozen

from application.orders.changing import OrderCommand, change_order
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order


@frozen(kw_only=True)
class PayOrder(OrderCommand):
    """`expected_version` is the version whose total the customer saw."""


@frozen
class PayOrderHandler:
    """Marks an open order as paid in full."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: PayOrder) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict`, `OrderIsClosed`."""
        return change_order(
            self.unit_of_work,
            command,
            lambda order: order.pay(self.clock.now()),
        )


@frozen(kw_only=True)
class CancelOrder(OrderCommand):
    """Why, in the customer's words."""

    reason: str


@frozen
class CancelOrderHandler:
    """Calls an open order off; doing it again changes nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: CancelOrder) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict`, `OrderIsClosed` if paid."""
        return change_order(
            self.unit_of_work,
            command,
            lambda order: order.cancel(command.reason, self.clock.now()),
        )
