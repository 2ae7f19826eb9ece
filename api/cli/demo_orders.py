"""The orders' part of what `dynastrata demo` plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from api.cli.demo_steps import Step
from api.container import Container
from application.orders.change_lines import AddLine, RemoveLine
from application.orders.close_order import PayOrder
from application.orders.place_order import PlaceOrder
from application.ports.event_store import StoredEvent
from domain.orders import events
from domain.orders.errors import OrderIsClosed
from domain.orders.order import Order
from domain.orders.values import OrderLine

_ALGEBRA = OrderLine.of(
    sku="algebra", title="Algebra for Engines", quantity=1, unit_price_cents=4_900
)
_WEAVING = OrderLine.of(sku="weaving", title="Weaving by Cards", quantity=2, unit_price_cents=1_500)
_NUMBERS = OrderLine.of(
    sku="numbers", title="Numbers of Bernoulli", quantity=1, unit_price_cents=2_500
)


@frozen
class Happened:
    """One event of the order, without the moments and ids that differ each time."""

    version: int
    event: str
    what: str


class OrdersStory:
    """A customer places an order, changes it, pays it, and changes it too late."""

    def __init__(self, container: Container, customer_id: Callable[[], str]) -> None:
        self._container = container
        self._customer_id = customer_id

    def steps(self) -> Iterator[Step]:
        """The story; each step builds on those before."""
        yield "place an order", self._place
        yield "add a line", self._add
        yield "remove a line", self._remove
        yield "pay the order", self._pay
        yield "add a line too late", self._add_late

    def id(self) -> str:
        """The order's id."""
        return self._order.id

    def history(self) -> list[Happened]:
        """What happened to the order, as stored."""
        stored = self._container.get_order_history()(self._order.id)
        return [_happened(each) for each in stored]

    def _place(self) -> str:
        command = PlaceOrder(customer_id=self._customer_id(), lines=(_ALGEBRA, _WEAVING))
        self._order = self._container.place_order()(command)
        return "event 1 of the order, message"

    def _add(self) -> str:
        return self._took(self._add_line(_NUMBERS))

    def _remove(self) -> str:
        command = RemoveLine(
            order_id=self._order.id, expected_version=self._order.version, sku=_WEAVING.sku
        )
        return self._took(self._container.remove_line()(command))

    def _pay(self) -> str:
        command = PayOrder(order_id=self._order.id, expected_version=self._order.version)
        return f"{self._took(self._container.pay_order()(command))}, message"

    def _add_late(self) -> str:
        try:
            return self._took(self._add_line(_WEAVING))
        except OrderIsClosed as refused:
            return f"nothing: the order is {refused.status}"

    def _add_line(self, line: OrderLine) -> Order:
        return self._container.add_line()(
            AddLine(order_id=self._order.id, expected_version=self._order.version, line=line)
        )

    def _took(self, order: Order) -> str:
        self._order = order
        return f"event {order.version} of the order"


def _happened(stored: StoredEvent) -> Happened:
    match stored.event:
        case events.OrderPlaced(lines=lines):
            what = ", ".join(map(_line, lines))
        case events.LineAdded(line=line):
            what = _line(line)
        case events.LineRemoved(sku=sku):
            what = sku
        case events.OrderPaid(amount_cents=cents):
            what = _money(cents)
        case _:
            what = ""
    return Happened(stored.version, stored.type, what)


def _line(line: OrderLine) -> str:
    return f"{line.quantity} {line.sku} at {_money(line.unit_price_cents)}"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
