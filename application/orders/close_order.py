"""Paying an order, or calling it off."""

from __future__ import annotations

from attrs import frozen

from application.idempotent_request import Keep
from application.orders.change_order import OrderToChange, change_order
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order


@frozen
class PayOrder:
    """Marks an open order as paid in full."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, target: OrderToChange, keep: Keep[Order] | None = None) -> Order:
        """The order; the expected version is the one whose total the customer saw.

        Raises `OrderNotFound`, `ConcurrencyConflict`, `OrderIsClosed`.
        """
        now = self.clock.now
        return change_order(self.unit_of_work, target, lambda order: order.pay(now()), keep)


@frozen
class CancelOrder:
    """Calls an open order off; doing it again changes nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(
        self, target: OrderToChange, reason: str, keep: Keep[Order] | None = None
    ) -> Order:
        """The order; why, is in the customer's words.

        Raises `OrderNotFound`, `ConcurrencyConflict`, `OrderIsClosed` if paid.
        """
        now = self.clock.now
        return change_order(
            self.unit_of_work, target, lambda order: order.cancel(reason, now()), keep
        )
