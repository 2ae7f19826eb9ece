"""The values an order is made of."""

from __future__ import annotations

import re
from enum import Enum

from attrs import frozen

from domain.errors import InvalidValue

MAX_LINES = 100
MAX_OF_A_LINE = 1_000
MAX_PRICE_CENTS = 100_000_000
MAX_TEXT = 200
# So few characters that it stands in an address as it is, and is spelt in one way.
SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SKU_RULE = "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"


class OrderStatus(Enum):
    """Where an order stands. The values are stored in snapshots: never change them."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


def _parse_sku(text: str) -> str:
    if not SKU.fullmatch(text):
        raise InvalidValue("sku", SKU_RULE)
    return text


def parse_reason(text: str) -> str:
    """A trimmed reason of 1 to 200 printable characters. Raises `InvalidValue`."""
    return _parse_text("reason", text)


def _parse_text(name: str, text: str) -> str:
    trimmed = text.strip()
    if not trimmed or len(trimmed) > MAX_TEXT or not trimmed.isprintable():
        raise InvalidValue(name, f"must be 1 to {MAX_TEXT} printable characters")
    return trimmed


@frozen(kw_only=True)
class OrderLine:
    """So many of one thing, at a price in cents each. Make one with `OrderLine.of`."""

    sku: str
    title: str
    quantity: int
    unit_price_cents: int

    @classmethod
    def of(cls, *, sku: str, title: str, quantity: int, unit_price_cents: int) -> OrderLine:
        """A checked line. Raises `InvalidValue`."""
        if not 1 <= quantity <= MAX_OF_A_LINE:
            raise InvalidValue("quantity", f"must be from 1 to {MAX_OF_A_LINE}")
        if not 0 <= unit_price_cents <= MAX_PRICE_CENTS:
            raise InvalidValue("unit_price_cents", f"must be from 0 to {MAX_PRICE_CENTS}")
        return cls(
            sku=_parse_sku(sku),
            title=_parse_text("title", title),
            quantity=quantity,
            unit_price_cents=unit_price_cents,
        )

    @property
    def total_cents(self) -> int:
        """What the line costs."""
        return self.quantity * self.unit_price_cents
