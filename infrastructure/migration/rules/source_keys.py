"""Keys made of columns that may be empty, too long, or of few values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infrastructure.limits import MAX_HASH_KEY, MAX_RANGE_KEY
from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Entity,
    Table,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.errors import Problem
from infrastructure.migration.rules.capacity import (
    hash_attributes,
    hot_partition,
    reason_of_few,
)
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable
from infrastructure.migration.templates import column_meant, placeholders

_FEW = frozenset(["enum", "set", "bit", "date", "year"])
_MAX_CHARACTER = 4  # bytes in UTF-8


def check_key_columns(table: Table, schema: SourceSchema) -> Iterator[Problem]:
    """Warns of rows whose key may be NULL or too long, and of hot partitions."""
    for entity in table.entities:
        source = schema.tables.get(entity.source_table)
        if source is None:
            continue
        for name, limit in zip(table.key_names, (MAX_HASH_KEY, MAX_RANGE_KEY), strict=False):
            attribute = entity.attribute(name)
            if attribute is not None:
                yield from _of_key(entity, attribute, source, limit)
    for attribute, index in hash_attributes(table):
        reason = None if reason_of_few(attribute) else _few_values(table, attribute, schema)
        if reason is not None:
            yield hot_partition(attribute, index, reason)


def columns_behind(
    entity: Entity, attribute: Attribute, source: SourceTable
) -> tuple[SourceColumn, ...] | None:
    """The columns that an attribute is made of, if it is made of columns of its row alone."""
    names = _names_behind(entity, attribute)
    if names is None:
        return None
    found = [source.column(name) for name in names]
    columns = tuple(each for each in found if each is not None)
    return columns if len(columns) == len(found) else None


def _names_behind(entity: Entity, attribute: Attribute) -> list[str] | None:
    match attribute.source:
        case Columns(names=names):
            return _formatted(names, attribute.transformation)
        case Template(text=text):
            return _names_of_template(entity, text)
        case _:
            return None


def _formatted(names: tuple[str, ...], by: Transformation | None) -> list[str]:
    if by is None or by.type is not TransformationType.STRING:
        return list(names)
    # What the format does not name is no part of the value.
    return [column_meant(each, names) for each in placeholders(by.format or "")]


def _names_of_template(entity: Entity, text: str) -> list[str] | None:
    names: list[str] = []
    for placeholder in placeholders(text):
        attribute = entity.attribute(placeholder)
        behind = [placeholder] if attribute is None else _names_behind(entity, attribute)
        if behind is None:
            return None
        names += behind
    return names


def _of_key(
    entity: Entity, attribute: Attribute, source: SourceTable, limit: int
) -> Iterator[Problem]:
    found = map(source.column, _parts(entity, attribute))
    columns = [column for column in found if column is not None]
    for column in columns:
        if column.nullable:
            cause = f"{column.name} may be NULL, and a row without a key is rejected"
            yield Problem(attribute.path, cause, is_warning=True)
    size = sum(map(_max_bytes, columns))
    if size > limit:
        names = " and ".join(column.name for column in columns)
        cause = (
            f"{names} may have {size} bytes: the key has at most {limit}, a longer one is rejected"
        )
        yield Problem(attribute.path, cause, is_warning=True)


def _parts(entity: Entity, attribute: Attribute) -> Iterator[str]:
    """The columns of its row in a key, whatever else is in it."""
    if not isinstance(attribute.source, Template):
        yield from _names_behind(entity, attribute) or ()
        return
    for placeholder in placeholders(attribute.source.text):
        part = entity.attribute(placeholder)
        yield from [placeholder] if part is None else _parts(entity, part)


def _max_bytes(column: SourceColumn) -> int:
    length = re.search(r"\((\d+)\)", column.type)
    match column.kind:
        case "char" | "varchar" if length:
            return int(length[1]) * _MAX_CHARACTER
        case "binary" | "varbinary" if length:
            return int(length[1])
        case "tinytext" | "tinyblob":
            return 255
        case "text" | "mediumtext" | "longtext" | "blob" | "mediumblob" | "longblob" | "json":
            return 65_535
        case _:
            return 0


def _few_values(table: Table, attribute: Attribute, schema: SourceSchema) -> str | None:
    (entity,) = (each for each in table.entities if attribute in each.attributes)
    source = schema.tables.get(entity.source_table)
    columns = columns_behind(entity, attribute, source) if source else None
    if columns is None or len(columns) != 1:
        return None
    (column,) = columns
    is_few = column.kind in _FEW or column.type.lower().startswith("tinyint(1)")
    return f"is made of {column.name}, which is {column.type}" if is_few else None
