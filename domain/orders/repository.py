"""Where orders are kept."""

from __future__ import annotations

from typing import Protocol

from domain.orders.order import Order
from domain.repository import SavingRepository


class OrderRepository(SavingRepository[Order], Protocol):
    """The orders. Missing ones raise `OrderNotFound`. Their history stays: none is ever removed."""
