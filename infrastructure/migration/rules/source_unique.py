"""Columns that the source keeps unique, and of which the contract must speak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infrastructure.migration.contract import Columns, Entity, Table
from infrastructure.migration.errors import Problem
from infrastructure.migration.rules.source_keys import columns_behind
from infrastructure.migration.source.schema import SourceSchema, SourceTable

Names = frozenset[str]


def check_unique_columns(table: Table, schema: SourceSchema) -> Iterator[Problem]:
    """What a unique index keeps so, and neither the key nor `unique` or `not_unique` speaks of.

    A primary key that is not the table's key gives a warning only: it is mostly a number that the
    source gave, of which nobody asks for another.
    """
    for entity in table.entities:
        source = schema.tables.get(entity.source_table)
        if source is not None:
            for columns in source.unique:
                yield from _check(table, entity, source, columns, is_warning=False)
            yield from _check(table, entity, source, source.primary_key, is_warning=True)


def _check(
    table: Table, entity: Entity, source: SourceTable, columns: tuple[str, ...], *, is_warning: bool
) -> Iterator[Problem]:
    wanted = frozenset(name.lower() for name in columns)
    by_column = _plain(entity)
    if not wanted or not wanted.issubset(by_column):
        return
    spoken = any(
        kept is not None and kept and kept <= wanted
        for kept in (_key(table, entity, source), *_columns_of(entity, table.unique))
    )
    if spoken or wanted in set(_columns_of(entity, table.not_unique)):
        return
    names = [by_column[name.lower()] for name in columns]
    cause = (
        f"{source.name} keeps {' and '.join(columns)} unique: name {' and '.join(names)} in "
        "`unique` or in `not_unique`"
    )
    yield Problem(entity.path, cause, is_warning=is_warning)


def _plain(entity: Entity) -> dict[str, str]:
    """Attributes that are one column as it is, by the column."""
    return {
        each.source.names[0].lower(): each.name
        for each in reversed(entity.attributes)
        if isinstance(each.source, Columns)
        and len(each.source.names) == 1
        and each.transformation is None
    }


def _key(table: Table, entity: Entity, source: SourceTable) -> Names | None:
    """The columns that tell one item from another, if columns of the row alone do so."""
    found: set[str] = set()
    for name in table.key_names:
        attribute = entity.attribute(name)
        columns = None if attribute is None else columns_behind(entity, attribute, source)
        if columns is None:
            return None
        found.update(column.name.lower() for column in columns)
    return frozenset(found)


def _columns_of(entity: Entity, lists: Iterable[tuple[str, ...]]) -> Iterator[Names | None]:
    for names in lists:
        attributes = [entity.attribute(name) for name in names]
        sources = [
            each.source
            for each in attributes
            if each is not None and isinstance(each.source, Columns) and not each.transformation
        ]
        if len(sources) == len(names):
            yield frozenset(name.lower() for each in sources for name in each.names)
