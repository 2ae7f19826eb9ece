"""What is sold, and for how much. Customers say which article and how many; the list says the rest.

A service that keeps its prices elsewhere makes the list from there: whoever places an order asks
the list alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from domain.orders.errors import ArticleNotSold
from domain.orders.values import OrderLine


@frozen(kw_only=True)
class Article:
    """What is sold under one stock-keeping unit, at a price in cents each."""

    sku: str
    title: str
    unit_price_cents: int


@frozen
class RequestedLine:
    """So many of one article, as a customer asks for them: without a price."""

    sku: str
    quantity: int = 1


@frozen
class PriceList:
    """The articles that are sold, each under its `sku`."""

    articles: Mapping[str, Article]

    @classmethod
    def of(cls, *articles: Article) -> PriceList:
        """A list of these."""
        return cls({article.sku: article for article in articles})

    def line(self, requested: RequestedLine) -> OrderLine:
        """The line of an order, at the present price. Raises `ArticleNotSold`, `InvalidValue`."""
        try:
            article = self.articles[requested.sku]
        except KeyError:
            raise ArticleNotSold(requested.sku) from None
        return OrderLine.of(
            sku=article.sku,
            title=article.title,
            quantity=requested.quantity,
            unit_price_cents=article.unit_price_cents,
        )


ACADEMY = PriceList.of(
    Article(sku="algebra", title="Algebra for Engines", unit_price_cents=4_900),
    Article(sku="weaving", title="Weaving by Cards", unit_price_cents=1_500),
    Article(sku="numbers", title="Numbers of Bernoulli", unit_price_cents=2_500),
)
"""What the sample sells."""
