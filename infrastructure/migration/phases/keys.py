"""Keys and records of a table: those of service code, and those that are stored."""

from __future__ import annotations

from domain.errors import NotFound
from infrastructure.dynamodb.items import Item, Value, key_text
from infrastructure.migration.contract import Table
from infrastructure.migration.conversion.records import (
    InvalidRecord,
    Record,
    entity_of,
    from_record,
    to_record,
)
from infrastructure.migration.conversion.typed import typed
from infrastructure.migration.conversion.unfit import Unfit


def key_item(table: Table, record: Record) -> Item:
    """The stored key of a key or a whole record. Raises `InvalidRecord`."""
    return {name: _key_value(table, name, record) for name in table.key_names}


def changed(table: Table, key: Item, item: Item | None, changes: Record) -> Item:
    """An item with some attributes changed; None removes one.

    Raises `NotFound`, and `InvalidRecord` also where the key would change.
    """
    if item is None:
        raise NotFound(table.name, key_text(key))
    record = {**to_record(table, item), **changes}
    found = from_record(table, entity_of(table, record), record)
    for name, value in key.items():
        if found[name] != value:
            raise InvalidRecord(table.name, name, "is part of the key, which never changes")
    return found


def _key_value(table: Table, name: str, record: Record) -> Value:
    kinds = {e.type for each in table.entities if (e := each.attribute(name)) is not None}
    if record.get(name) is None:
        raise InvalidRecord(table.name, name, "is missing, but part of the key")
    try:
        value = typed(record[name])
    except Unfit as error:
        raise InvalidRecord(table.name, name, str(error)) from error
    if not kinds.issuperset(value):
        raise InvalidRecord(table.name, name, f"must be of type {', '.join(sorted(kinds))}")
    return value
