"""Whether two rows could become items with the same key: then the second would replace the first.

It is told from the contract and the schema alone. Where it cannot be ruled out, rows claim their
key like a unique value before they become items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Entity,
    Table,
    Template,
    TransformationType,
)
from infrastructure.migration.source.schema import SourceSchema, SourceTable
from infrastructure.migration.templates import TemplateText, column_meant, template

_INTEGERS = frozenset(("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"))
_NUMBERS = _INTEGERS | {"decimal", "numeric", "double"}
_DATES = frozenset(("date", "datetime", "timestamp", "time"))

_ENDS_A_FIGURE = re.compile(r"[^0-9A-Za-z+\-.:]")
"""What stands in the text of no number and no date."""


def keys_may_collide(table: Table, schema: SourceSchema) -> bool:
    """Whether rows of the source may become items of this table with the same key."""
    return not (
        all(_tells_rows(table, entity, schema) for entity in table.entities)
        and all(_are_apart(table, *pair) for pair in combinations(table.entities, 2))
    )


def _tells_rows(table: Table, entity: Entity, schema: SourceSchema) -> bool:
    """Whether the columns of a unique index can be read back from the key of an item."""
    source = schema.tables.get(entity.source_table)
    if source is None:
        return False
    told: set[str] = set()
    for name in table.key_names:
        attribute = entity.attribute(name)
        told |= set() if attribute is None else _columns_in(attribute, entity, source)
    keys = filter(None, (source.primary_key, *source.unique))
    return any({column.lower() for column in key} <= told for key in keys)


def _columns_in(attribute: Attribute, entity: Entity, source: SourceTable) -> set[str]:
    """The columns whose values can be read back from a value of the attribute, in lower case."""
    match attribute.source:
        case Columns(names=[name]) if attribute.transformation is None:
            return {name.lower()} if _keeps(attribute, name, source) else set()
        case Columns(names=names):
            text = _format(attribute)
            return set() if text is None else _columns_of(_numbered(text, names), entity, source)
        case Template(text=text):
            return _columns_of(template(text), entity, source)
    return set()


def _keeps(attribute: Attribute, name: str, source: SourceTable) -> bool:
    column = source.column(name)
    if column is None or column.kind == "float":
        return False
    return attribute.type in {"S", "B"} or (attribute.type == "N" and column.kind in _NUMBERS)


def _columns_of(text: TemplateText, entity: Entity, source: SourceTable) -> set[str]:
    """Those of a template that can be read in one way only: at most one part is free text."""
    inner = text.literals[1:-1]
    free = sum(not _is_figure(name, entity, source) for name in text.names)
    if free > 1 or not all(map(_ENDS_A_FIGURE.search, inner)):
        return set()
    return {column for name in text.names for column in _named(name, entity, source)}


def _named(name: str, entity: Entity, source: SourceTable) -> set[str]:
    attribute = entity.attribute(name)
    if attribute is not None:
        is_plain = isinstance(attribute.source, Columns) and len(attribute.source.names) == 1
        return _columns_in(attribute, entity, source) if is_plain else set()
    return set() if source.column(name) is None else {name.lower()}


def _is_figure(name: str, entity: Entity, source: SourceTable) -> bool:
    columns = _named(name, entity, source)
    kinds = {found.kind for column in columns if (found := source.column(column)) is not None}
    return bool(kinds) and kinds <= _NUMBERS | _DATES


def _are_apart(table: Table, one: Entity, other: Entity) -> bool:
    """Whether a part of the key begins with different text in the items of two entities."""
    return any(
        not first.startswith(second) and not second.startswith(first)
        for first, second in zip(_prefixes(table, one), _prefixes(table, other), strict=True)
    )


def _prefixes(table: Table, entity: Entity) -> Iterator[str]:
    for name in table.key_names:
        attribute = entity.attribute(name)
        text = None if attribute is None else _format(attribute)
        yield "" if text is None else template(text).literals[0]


def _format(attribute: Attribute) -> str | None:
    """The template of an attribute that is made of one."""
    if isinstance(attribute.source, Template):
        return attribute.source.text
    transformation = attribute.transformation
    if transformation is None or transformation.type is not TransformationType.STRING:
        return None
    return transformation.format if isinstance(attribute.source, Columns) else None


def _numbered(text: str, names: tuple[str, ...]) -> TemplateText:
    """A format of columns: `{0}` is the first of them."""
    found = template(text)
    return TemplateText(found.literals, tuple(column_meant(name, names) for name in found.names))
