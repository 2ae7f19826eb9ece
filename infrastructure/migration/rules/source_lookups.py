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
    Step,
)
from infrastructure.migration.errors import Problem, nearest
from infrastructure.migration.fragments import columns_of, parse
from infrastructure.migration.rules.reach import Fragment, fragments
from infrastructure.migration.rules.source_columns import (
    BYTES,
    unfit,
    unknown_column,
    unknown_table,
)
from infrastructure.migration.rules.sql import parsed
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable


def check_lookups(entity: Entity, schema: SourceSchema) -> Iterator[Problem]:
    """Tables and columns that are not there, and lookups that may find several rows."""
    if entity.source_table not in schema.tables:
        return  # told of the entity
    for attribute in entity.attributes:
        missing = dict.fromkeys(set(_tables(attribute)) - schema.tables.keys())
        for name in missing:
            yield Problem(f"{attribute.path}.{_where(attribute)}", unknown_table(name, schema))
        if not missing:
            yield from _of_attribute(entity, attribute, schema)


def _of_attribute(entity: Entity, attribute: Attribute, schema: SourceSchema) -> Iterator[Problem]:
    for fragment in fragments(entity, attribute):
        for table, name in columns_of(parsed(fragment)):
            if (cause := _column_problem(fragment, table, name, schema)) is not None:
                yield Problem(fragment.path, cause)
    source = attribute.source
    if isinstance(source, Collection):
        yield from _bytes_in(entity, attribute, schema)
    if isinstance(source, Lookup):
        yield from _result(entity, attribute, source, schema)
        for step in source.steps:
            if not finds_one(step, schema.tables[step.table]):
                yield Problem(f"{attribute.path}.join", _several(step), is_warning=True)


def finds_one(step: Step, table: SourceTable) -> bool:
    """Whether the conditions hold for one row of the table at most."""
    bound = {name.lower() for name in _bound(step)}
    keys = (table.primary_key, *table.unique)
    return any(key and bound.issuperset(name.lower() for name in key) for key in keys)


def _bound(step: Step) -> Iterator[str]:
    """The columns of the step's table that are equal to something of elsewhere."""
    for condition in step.conditions:
        expression = parse(condition)
        terms = expression.flatten() if isinstance(expression, exp.And) else (expression,)
        for term in terms:
            yield from _bound_by(term.unnest(), step.alias)


def _bound_by(term: exp.Expr, alias: str) -> Iterator[str]:
    if not isinstance(term, exp.EQ):
        return
    for side, other in ((term.left, term.right), (term.right, term.left)):
        is_own = isinstance(side, exp.Column) and side.table in (alias, "")
        if is_own and alias not in {table for table, _ in columns_of(other)}:
            yield side.name


def _several(step: Step) -> str:
    names = sorted(set(_bound(step)))
    bound = f"{' and '.join(names)} of {step.table}" if names else f"a column of {step.table}"
    verb = "are" if len(names) > 1 else "is"
    return f"may find several rows: {bound} {verb} not unique, and such a row is rejected"


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
    return f"there is no column {name} in {tables}{nearest(name, known)}"


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


def _bytes_in(entity: Entity, attribute: Attribute, schema: SourceSchema) -> Iterator[Problem]:
    for fragment in fragments(entity, attribute):
        column = None if fragment.is_order else _plain_column(fragment, schema)
        if column is not None and column.kind in {*BYTES, "bit"}:
            cause = f"{column.name} is {column.type}: JSON cannot hold bytes"
            yield Problem(fragment.path, cause)


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
