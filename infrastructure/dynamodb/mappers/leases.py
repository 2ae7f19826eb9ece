"""Leases as their items show them."""

from __future__ import annotations

from datetime import datetime

from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.timestamps import milliseconds


def is_lease(item: Item, owner: str, until: datetime) -> bool:
    """Whether the owner holds the lease of this item until then: what it asked for, it has."""
    ends = {"N": str(milliseconds(until))}
    return item.get("owner") == {"S": owner} and item.get("leaseUntil") == ends
