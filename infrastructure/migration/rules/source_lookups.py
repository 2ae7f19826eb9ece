"""Lookups, collections and calculations against the tables that they look into."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    Collection,
    Entity,
    Lookup,
)
from infrastructure.migration.errors import Problem, nearest
from infrastructure.migration.fragments import columns_of, parse
from infrastructure.migration.rules.reach import Fragment, fragments
from infrastructure.migration.rules.source_columns import (
    unfit,
    unknown_column,
    unknown_table,
)
from infrastructure.migration.rules.sql import parsed
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.query import select_rows
from infrastructure.migration.source.schema import SourceColumn, SourceSchema
from infrastructure.migration.source.scope import Reachable
from infrastructure.migration.source.subqueries import Subqueries


def check_lookups(entity: Entity, schema: SourceSchema) -> Iterator[Problem]:
    """Tables and columns that are not there, and columns that do not fit."""
    if entity.source_table not in schema.tables:
        return  # told of the entity
    for attribute in entity.attributes:
        missing = [name for name in dict.fromkeys(_tables(attribute)) if name not in schema.tables]
        for name in missing:
            yield Problem(f"{attribute.path}.{_where(attribute)}", unknown_table(name, schema))
        if not missing:
            yield from _of_attribute(entity, attribute, schema)


def check_query(entity: Entity, schema: SourceSchema) -> Iterator[Problem]:
    """What else keeps the rows from being read, and lookups that find several rows, or slowly.

    For an entity whose tables and columns are there.
    """
    try:
        query = select_rows(entity, schema)
    except SourceMismatch as mismatch:
        yield Problem(mismatch.path, mismatch.cause)
        return
    table = schema.tables[entity.source_table]
    subqueries = Subqueries(schema, Reachable(table.name, table.name, table))
    may_find_several = {cell.name for cell in query.matches}
    for attribute in entity.attributes:
        source = attribute.source
        if attribute.name in may_find_several and isinstance(source, Lookup):
            yield Problem(f"{attribute.path}.join", _several(source), is_warning=True)
        if isinstance(source, Lookup | Aggregate | Collection):
            for name in subqueries.read_whole(source):
                yield Problem(f"{attribute.path}.{_where(attribute)}", _slow(name), is_warning=True)


def _slow(table: str) -> str:
    return f"no index of {table} begins with what is looked for: each row reads the whole table"


def _several(lookup: Lookup) -> str:
    names = {
        f"{step.table}.{name}": None
        for step in lookup.steps
        for condition in step.conditions
        for table, name in columns_of(parse(condition))
        if table == step.alias
    }
    shown = " and ".join(names) or lookup.steps[-1].table
    return f"may find several rows: no unique key lies within {shown}; such a row is rejected"


def _of_attribute(entity: Entity, attribute: Attribute, schema: SourceSchema) -> Iterator[Problem]:
    for fragment in fragments(entity, attribute):
        for table, name in columns_of(parsed(fragment)):
            if (cause := _column_problem(fragment, table, name, schema)) is not None:
                yield Problem(fragment.path, cause)
    source = attribute.source
    if isinstance(source, Lookup):
        yield from _result(entity, attribute, source, schema)


def _column_problem(
    fragment: Fragment, alias: str | None, name: str, schema: SourceSchema
) -> str | None:
    if alias is not None:
        table = schema.tables[fragment.tables[alias]]
        return None if table.column(name) else unknown_column(name, table)
    reach = fragment.tables.values()
    if any(schema.tables[table].column(name) for table in reach):
        return None
    known = [column.name for table in reach for column in schema.tables[table].columns]
    tables = " or ".join(dict.fromkeys(reach))
    hint = nearest(name, known) or f"; a text stands in quotes of its own: '{name}'"
    return f"there is no column {name} in {tables}{hint}"


def _result(
    entity: Entity, attribute: Attribute, lookup: Lookup, schema: SourceSchema
) -> Iterator[Problem]:
    if lookup.separator is not None:
        return  # texts put together
    (*_, last) = fragments(entity, attribute)
    column = _plain_column(last, schema)
    cause = None if column is None else unfit(attribute, column)
    if cause is not None:
        yield Problem(f"{attribute.path}.join", cause)


def _plain_column(fragment: Fragment, schema: SourceSchema) -> SourceColumn | None:
    """The column that the fragment is, if it is one and nothing else."""
    expression = parsed(fragment)
    if not isinstance(expression, exp.Column):
        return None
    names = (expression.table,) if expression.table else fragment.tables
    found = (schema.tables[fragment.tables[each]].column(expression.name) for each in names)
    return next(filter(None, found), None)


def _tables(attribute: Attribute) -> tuple[str, ...]:
    match attribute.source:
        case Lookup(steps=steps):
            return tuple(step.table for step in steps)
        case Collection(table=table) | Aggregate(table=table):
            return (table,)
        case _:
            return ()


def _where(attribute: Attribute) -> str:
    return "calculation" if isinstance(attribute.source, Aggregate) else "join"
