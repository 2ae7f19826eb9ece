"""Keys and changes as service code gives them, and the stored ones that they mean."""

from __future__ import annotations

from domain.errors import NotFound
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.contract import ENTITY_TYPE, Table
from infrastructure.migration.conversion.records import (
    InvalidRecord,
    Record,
    entity_of,
    from_record,
    parts_of,
    to_record,
    values_of,
)
from infrastructure.migration.repository.queries import key_value


def key_item(table: Table, given: Record) -> Item:
    """The stored key of its attributes, or of those of which its templates are made.

    Raises `InvalidRecord`.
    """
    names = table.key_names
    if given.keys() - {ENTITY_TYPE} == {*names}:
        return {name: key_value(table, name, given[name]) for name in names}
    values = values_of(table, entity_of(table, given), given)
    for name in names:
        if name not in values:
            raise InvalidRecord(table.name, name, "is missing: it is part of the key")
    return {name: values[name] for name in names}


def changed_item(table: Table, key: Item, stored: Item | None, changes: Record) -> Item:
    """An item with some attributes changed; None removes one.

    Raises `NotFound` where nothing is stored, and `InvalidRecord`, also where the key would change.
    """
    if stored is None:
        raise NotFound(table.name, key_text(key))
    changed = _changed(table, stored, changes)
    for name, value in key.items():
        if changed[name] != value:
            raise InvalidRecord(table.name, name, "is part of the key: it stays")
    return changed


def _changed(table: Table, stored: Item, changes: Record) -> Item:
    record = to_record(table, stored)
    entity = entity_of(table, record)
    for each in entity.attributes:
        parts, is_computed = parts_of(entity, each)
        if is_computed:
            record.pop(each.name, None)
        elif parts & changes.keys() and each.name in record.keys() - changes.keys():
            reason = "must be given, too: it is made of what changes and of another column"
            raise InvalidRecord(table.name, each.name, reason)
    return from_record(table, entity, {**record, **changes})
