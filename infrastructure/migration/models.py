"""The PynamoDB models of what a move stores: items of a contract's table, and claims.

Names and formats here are stored: never change them.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    Projection,
)
from pynamodb.models import Model
from typing_extensions import override

from infrastructure.dynamodb.items import Item
from infrastructure.migration.contract import Index, Table
from infrastructure.migration.names import CLAIMS


class ClaimModel(Model):
    """A claim on a unique value: `pk` is `Users#email#S:ada@…`, or its hash where that is long.

    `owner` is the key of the item that holds it, `rank` the place of its source row among those
    that want it: the lowest has it. `source` is that row's key for people to read: `id=7`. A claim
    of service code has the empty rank, the lowest of all, and no source.
    """

    class Meta:
        """Read by PynamoDB."""

        table_name = CLAIMS

    pk = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute()
    rank = UnicodeAttribute()
    source = UnicodeAttribute(null=True)


class StoredValue(Attribute[Any]):
    """An attribute whose value is what stands behind its type in the service's notation."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.attr_type = kind
        super().__init__(**options)

    @override
    def serialize(self, value: Any) -> Any:
        return value

    @override
    def deserialize(self, value: Any) -> Any:
        return value


class ContractItem(Model):
    """An item of a contract's table, as it stands. Its subclasses, one a table, have the keys."""

    item: Item

    @classmethod
    def of(cls, item: Item) -> ContractItem:
        """The model of an item, or of a key alone."""
        keys = {
            name: next(iter(item[attribute.attr_name].values()))
            for name, attribute in cls.get_attributes().items()
            if attribute.is_hash_key or attribute.is_range_key
        }
        made = cls(**keys)
        made.item = item
        return made

    @override
    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        return {name: dict(value) for name, value in self.item.items()}


def item_model(table: Table) -> type[ContractItem]:
    """The model of a table's items, with its keys and indexes.

    Raises `ValueError` for a key that is no attribute, is of different types in different entities,
    or is of a type that no key can have.
    """
    names: dict[str, Any] = {"hash_key_": _key(table, table.hash_key, hash_key=True)}
    if table.range_key is not None:
        names["range_key_"] = _key(table, table.range_key, range_key=True)
    for number, index in enumerate(table.indexes):
        names[f"index_{number}"] = _index(table, index)
    names["Meta"] = type("Meta", (), {"table_name": table.name})
    return type(f"{table.name}Item", (ContractItem,), names)


def key_type(table: Table, name: str) -> str:
    """The type of an attribute that is a key: `S`, `N` or `B`. Raises `ValueError`; see above."""
    found = [each.attribute(name) for each in table.entities]
    kinds = sorted({each.type for each in found if each is not None})
    if not kinds:
        raise ValueError(f"{table.path}: the key {name} is no attribute")
    if len(kinds) > 1 or kinds[0] not in {"S", "N", "B"}:
        raise ValueError(f"{table.path}: the key {name} is of type {' and '.join(kinds)}")
    return kinds[0]


def _key(table: Table, name: str, **options: bool) -> StoredValue:
    return StoredValue(key_type(table, name), attr_name=name, **options)


def _index(table: Table, index: Index) -> GlobalSecondaryIndex[Any]:
    meta = type("Meta", (), {"index_name": index.name, "projection": _projection(index)})
    names: dict[str, Any] = {"Meta": meta, "hash_key_": _key(table, index.hash_key, hash_key=True)}
    if index.range_key is not None:
        names["range_key_"] = _key(table, index.range_key, range_key=True)
    made: GlobalSecondaryIndex[Any] = type(index.name, (GlobalSecondaryIndex,), names)()
    return made


def _projection(index: Index) -> Projection:
    match index.projection:
        case "ALL":
            return AllProjection()
        case "KEYS_ONLY":
            return KeysOnlyProjection()
        case "INCLUDE":
            return IncludeProjection(list(index.projected))
