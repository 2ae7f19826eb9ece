"""What the service would refuse of an item whose values are each as they should be."""

from __future__ import annotations

from collections.abc import Mapping

from infrastructure.dynamodb.items import Item, item_size
from infrastructure.limits import MAX_HASH_KEY, MAX_ITEM, MAX_RANGE_KEY
from infrastructure.migration.contract import Table
from infrastructure.migration.unfit import UnfitAttribute


def key_limits(table: Table) -> Mapping[str, int]:
    """The most bytes of each attribute that is a key of the table or of an index."""
    limits: dict[str, int] = {}
    keys = [(table.hash_key, table.range_key)]
    keys += [(index.hash_key, index.range_key) for index in table.indexes]
    for names in keys:
        for name, most in zip(names, (MAX_HASH_KEY, MAX_RANGE_KEY), strict=True):
            if name is not None:
                limits[name] = min(most, limits.get(name, most))
    return limits


def check_keys(item: Item, key: tuple[str, ...], limits: Mapping[str, int]) -> None:
    """Raises `UnfitAttribute` for a key that is missing, empty or too long."""
    for name, most in limits.items():
        value = item.get(name)
        if value is None:
            if name in key:
                raise UnfitAttribute(name, "is NULL, but part of the key")
            continue
        [(kind, content)] = value.items()
        size = 1 if kind == "N" else len(content.encode() if kind == "S" else content)
        if size == 0:
            raise UnfitAttribute(name, "is empty, but part of a key")
        if size > most:
            raise UnfitAttribute(name, f"has {size} bytes, a key at most {most}")


def check_size(item: Item) -> None:
    """Raises `UnfitAttribute`, which names the largest attribute, for an item of too many bytes."""
    size = item_size(item)
    if size > MAX_ITEM:
        largest = max(item, key=lambda name: item_size({name: item[name]}))
        raise UnfitAttribute(
            largest, f"is the largest part of an item of {size} bytes, at most {MAX_ITEM} are kept"
        )
