"""Adding lines to an order and removing them."""

from __future__ import annotations

from attrs import frozen

from application.orders.changing import OrderCommand, change_order
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.orders.order import Order
from domain.orders.values import OrderLine


@frozen(kw_only=True)
class AddLine(OrderCommand):
    """The line that the order is to have as well."""

    line: OrderLine


@frozen
class AddLineHandler:
    """Adds a line to an open order."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: AddLine) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict` and what `add_line` raises."""
        return change_order(
            self.unit_of_work,
            command,
            lambda order: order.add_line(command.line, self.clock.now()),
        )


@frozen(kw_only=True)
class RemoveLine(OrderCommand):
    """The article whose line is to go."""

    sku: str


@frozen
class RemoveLineHandler:
    """Removes a line from an open order."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: RemoveLine) -> Order:
        """The order. Raises `OrderNotFound`, `ConcurrencyConflict`; see also `remove_line`."""
        return change_order(
            self.unit_of_work,
            command,
            lambda order: order.remove_line(command.sku, self.clock.now()),
        )
