"""What can go wrong with orders."""

from __future__ import annotations

from attrs import field, frozen

from domain.errors import NotFound, RuleViolation


@frozen
class OrderNotFound(NotFound):
    """No order has this id."""

    aggregate_type: str = field(default="Order", init=False)
    aggregate_id: str


@frozen
class OrderIsClosed(RuleViolation):
    """A paid or cancelled order does not change any more."""

    order_id: str
    status: str

    def __str__(self) -> str:
        return f"order {self.order_id} is {self.status}"


@frozen
class ArticleNotSold(RuleViolation):
    """The price list has no such article."""

    sku: str

    def __str__(self) -> str:
        return f"{self.sku} is not sold"


@frozen
class LineExists(RuleViolation):
    """The order has a line of this article already."""

    sku: str

    def __str__(self) -> str:
        return f"the order has a line of {self.sku} already"


@frozen
class LineNotFound(RuleViolation):
    """The order has no line of this article."""

    sku: str

    def __str__(self) -> str:
        return f"the order has no line of {self.sku}"


@frozen
class OrderNeedsLines(RuleViolation):
    """An order has at least one line, and no more than a hundred."""

    def __str__(self) -> str:
        return "an order has from 1 to 100 lines"
