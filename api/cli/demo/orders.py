"""The orders' part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from typing_extensions import override

from api.cli.demo.story import Step, Story, StoryResult
from application.orders.change_order import OrderToChange
from domain.orders import events
from domain.orders.errors import OrderIsClosed
from domain.orders.price_list import RequestedLine

if TYPE_CHECKING:
    from api.container import Container
    from application.ports.event_store import StoredEvent
    from domain.orders.order import Order
    from domain.orders.values import OrderLine

_ALGEBRA = RequestedLine("algebra")
_WEAVING = RequestedLine("weaving", 2)
_NUMBERS = RequestedLine("numbers")


class OrdersStory(Story):
    """A customer places an order, changes it, pays it, and changes it too late."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @override
    def prepare(self) -> None:
        """Orders of an earlier demo are histories of their own."""

    @override
    def steps(self) -> Iterator[Step]:
        yield "place an order", self._place
        yield "add a line", self._add
        yield "remove a line", self._remove
        yield "pay the order", self._pay
        yield "add a line too late", self._add_late

    @override
    def result(self) -> StoryResult:
        """What happened to the order, without the times and ids that differ each time."""
        stored = self._container.get_order_history()(self._order.id)
        rows: list[dict[str, object]] = [
            {"version": each.version, "event": each.type, "what": _what(each)} for each in stored
        ]
        return StoryResult("history", "The history of the order", rows)

    @override
    def ordering_keys(self) -> list[str]:
        return [self._order.id]

    def _place(self) -> str:
        customer_id = self._container.ids().new_id()
        self._order = self._container.place_order()(
            customer_id=customer_id, lines=(_ALGEBRA, _WEAVING)
        )
        return "event 1 of the order, message"

    def _add(self) -> str:
        return self._took(self._add_line(_NUMBERS))

    def _remove(self) -> str:
        return self._took(self._container.remove_line()(self._target(), _WEAVING.sku))

    def _pay(self) -> str:
        return f"{self._took(self._container.pay_order()(self._target()))}, message"

    def _add_late(self) -> str:
        try:
            return self._took(self._add_line(_WEAVING))
        except OrderIsClosed as refused:
            return f"nothing: the order is {refused.status}"

    def _add_line(self, requested: RequestedLine) -> Order:
        return self._container.add_line()(self._target(), requested)

    def _target(self) -> OrderToChange:
        return OrderToChange(order_id=self._order.id, expected_version=self._order.version)

    def _took(self, order: Order) -> str:
        self._order = order
        return f"event {order.version} of the order"


def _what(stored: StoredEvent) -> str:
    match stored.event:
        case events.OrderPlaced(lines=lines):
            return ", ".join(map(_line, lines))
        case events.LineAdded(line=line):
            return _line(line)
        case events.LineRemoved(sku=sku):
            return sku
        case events.OrderPaid(amount_cents=cents):
            return _money(cents)
        case _:
            return ""


def _line(line: OrderLine) -> str:
    return f"{line.quantity} {line.sku} at {_money(line.unit_price_cents)}"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
