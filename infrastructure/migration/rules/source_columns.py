"""Tables and columns that the source does not have, and columns that cannot become the type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infrastructure.migration.contract import (
    Attribute,
    AttributeType,
    Columns,
    Entity,
    Template,
    TransformationType,
)
from infrastructure.migration.conversion.dates import is_column_type
from infrastructure.migration.errors import Problem, nearest
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable
from infrastructure.migration.templates import placeholders, position

NUMBERS = frozenset(
    [
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "integer",
        "bigint",
        "decimal",
        "numeric",
        "float",
        "double",
        "year",
        "bit",
    ]
)
TEXTS = frozenset(
    ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json", "uuid"]
)
TEXTS_OF_ADDRESS = frozenset(["inet4", "inet6"])
BYTES = frozenset(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"])
TIMES = frozenset(["date", "datetime", "timestamp", "time"])

_WORD = re.compile(r"'((?:[^']|'')*)'")
"""Of the type of an `enum`, as the server writes it."""
_TEXTS = TEXTS | TEXTS_OF_ADDRESS
_KINDS: dict[AttributeType, frozenset[str]] = {
    "S": (NUMBERS - {"bit"}) | _TEXTS | BYTES | TIMES,
    "N": (NUMBERS | _TEXTS) - {"set", "inet4", "inet6", "uuid"},
    "B": _TEXTS | BYTES | {"bit"},
    "BOOL": NUMBERS | _TEXTS | {"binary"},
    "SS": TEXTS,
    "NS": TEXTS,
    "BS": TEXTS,
    "M": TEXTS - {"enum", "set"},
    "L": TEXTS - {"enum", "set"},
}


def check_columns(entity: Entity, schema: SourceSchema) -> Iterator[Problem]:
    """What the rows' own table does not have, or cannot give."""
    table = schema.tables.get(entity.source_table)
    if table is None:
        path = f"{entity.path}.source_table"
        yield Problem(path, unknown_table(entity.source_table, schema))
        return
    for attribute in entity.attributes:
        yield from _of_attribute(entity, attribute, table)


def unknown_table(name: str, schema: SourceSchema) -> str:
    """The cause where the source lacks a table."""
    return f"the source has no table {name}{nearest(name, schema.tables)}"


def unknown_column(name: str, table: SourceTable) -> str:
    """The cause where a table lacks a column."""
    known = (column.name for column in table.columns)
    return f"{table.name} has no column {name}{nearest(name, known)}"


def unfit(attribute: Attribute, column: SourceColumn) -> str | None:
    """Why an attribute cannot be made of a column, if it cannot."""
    transformation, allowed = attribute.transformation, _KINDS.get(attribute.type)
    what = f"the type {attribute.type}"
    if transformation is not None:
        what = f"a {transformation.type}"
        match transformation.type:
            case TransformationType.DATE if is_column_type(transformation.source_format):
                allowed = TIMES
            case TransformationType.DATE:
                allowed = _TEXTS | NUMBERS
            case TransformationType.NUMBER:
                allowed = NUMBERS | _TEXTS
            case TransformationType.JSON:
                allowed = TEXTS
            case TransformationType.STRING:
                allowed = _KINDS["S"]
    if allowed is None or column.kind in allowed:
        return None if transformation is not None else _divided(attribute, column)
    return f"{column.name} is {column.type}, which cannot become {what}"


def _divided(attribute: Attribute, column: SourceColumn) -> str | None:
    """Why a word of an `enum` would be several members of a set, if one would."""
    if column.kind != "enum" or attribute.type not in {"SS", "NS", "BS"}:
        return None
    for word in _WORD.findall(column.type):
        if "," in word and not word.startswith("["):  # that is JSON
            return f"{column.name} has the word '{word}', which {attribute.type} divides at commas"
    return None


def _of_attribute(entity: Entity, attribute: Attribute, table: SourceTable) -> Iterator[Problem]:
    source = attribute.source
    if isinstance(source, Columns):
        path = f"{attribute.path}.source_column"
        for name in source.names:
            column = table.column(name)
            if column is None:
                yield Problem(path, unknown_column(name, table))
            elif cause := unfit(attribute, column):
                yield Problem(path, cause)
            elif column.kind in BYTES and attribute.type == "S":
                cause = f"{name} is {column.type}: bytes that are no UTF-8 text reject their row"
                yield Problem(path, f"{cause}; the type B takes any", is_warning=True)
    elif isinstance(source, Template):
        yield from _placeholders(attribute.path, source.text, entity, table)
    transformation = attribute.transformation
    if transformation is not None and transformation.type is TransformationType.STRING:
        path, text = f"{attribute.path}.transformation.format", transformation.format or ""
        for name in placeholders(text):
            if position(name) is None and table.column(name) is None:
                yield Problem(path, unknown_column(name, table))


def _placeholders(path: str, text: str, entity: Entity, table: SourceTable) -> Iterator[Problem]:
    for name in placeholders(text):
        if entity.attribute(name) is None and table.column(name) is None:
            known = [*(each.name for each in entity.attributes), *(c.name for c in table.columns)]
            cause = f"{{{name}}} is neither an attribute nor a column of {table.name}"
            yield Problem(path, cause + nearest(name, known))
