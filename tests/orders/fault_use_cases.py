"""Every use case of orders, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.container import Container
from application.orders.change_order import OrderToChange
from domain.orders.price_list import RequestedLine
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.orders.samples import PRICES

CUSTOMER = "ada"


def configure(container: Container) -> None:
    """Lets every article be sold."""
    container.price_list.override(PRICES)


def place(container: Container) -> Any:
    lines = (RequestedLine("algebra"), RequestedLine("weaving"))
    return container.place_order()(customer_id=CUSTOMER, lines=lines)


def placed(*changes: Callable[[Container, str], object]) -> Callable[[Service], str]:
    """The id of an order that was placed, and changed since."""

    def prepare(service: Service) -> str:
        order_id: str = place(service.container).id
        for change in changes:
            change(service.container, order_id)
        return order_id

    return prepare


def target(order_id: str, version: int | None = None, customer: str = CUSTOMER) -> OrderToChange:
    return OrderToChange(order_id=order_id, customer_id=customer, expected_version=version)


def add_line(container: Container, order_id: str) -> Any:
    return container.add_line()(target(order_id), RequestedLine("logic"))


def pay(container: Container, order_id: str) -> Any:
    return container.pay_order()(target(order_id))


def cancel(container: Container, order_id: str) -> Any:
    return container.cancel_order()(target(order_id), "too late")


def another_line(service: Service, order_id: str) -> None:
    service.container.add_line()(target(order_id), RequestedLine("music"))


def payment(service: Service, order_id: str) -> None:
    pay(service.container, order_id)


def use_case(
    name: str,
    run: Callable[[Container, str], object],
    prepare: Callable[[Service], Any] | None = None,
    case: str = "",
) -> UseCase:
    return UseCase(
        name=name,
        case=case,
        prepare=prepare or placed(),
        run=lambda service, order_id: run(service.container, order_id),
        others={"another line": another_line, "a payment": payment},
    )


USE_CASES = (
    use_case("place_order", lambda c, _: place(c), lambda _: ""),
    # The second event is followed by a snapshot, the third one is not.
    use_case("add_line", add_line, case="and a snapshot"),
    use_case(
        "add_line",
        lambda c, id_: c.add_line()(target(id_, version=2), RequestedLine("rhetoric")),
        placed(add_line),
        case="to a version, from a snapshot",
    ),
    use_case("add_line", add_line, placed(add_line), case="that is there"),
    use_case(
        "add_line",
        lambda c, id_: c.add_line()(target(id_, version=7), RequestedLine("logic")),
        case="to another version",
    ),
    use_case("remove_line", lambda c, id_: c.remove_line()(target(id_), "weaving")),
    use_case("remove_line", lambda c, id_: c.remove_line()(target(id_), "logic"), case="missing"),
    use_case("pay_order", pay),
    use_case("pay_order", pay, placed(cancel), case="cancelled"),
    use_case("pay_order", pay, placed(add_line), case="with three events"),
    use_case("cancel_order", cancel),
    use_case("cancel_order", cancel, placed(cancel), case="again"),
    use_case("get_order", lambda c, id_: c.get_order()(id_, CUSTOMER), placed(add_line)),
    use_case("get_order", lambda c, id_: c.get_order()(id_, "eve"), case="of another customer"),
    use_case("get_order", lambda c, _: c.get_order()("nothing"), case="missing"),
    use_case("get_order_history", lambda c, id_: c.get_order_history()(id_), placed(add_line, pay)),
    use_case(
        "get_order_history",
        lambda c, id_: c.get_order_history()(id_, CUSTOMER, after=1, limit=1),
        placed(add_line, pay),
        case="after a version",
    ),
)
