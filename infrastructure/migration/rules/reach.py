"""The SQL in a contract, piece by piece, and the tables that each piece may speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    Collection,
    Entity,
    Expression,
    Lookup,
)


@frozen
class Fragment:
    """A piece of SQL, and the tables in reach by the names that they have in it.

    A column without a table is of the nearest table that has it: the first.
    """

    path: str
    sql: str
    tables: Mapping[str, str]
    is_order: bool = False


def fragments(entity: Entity, attribute: Attribute) -> Iterator[Fragment]:
    """All SQL of an attribute."""
    rows = {entity.source_table: entity.source_table}
    source = attribute.source
    if isinstance(source, Lookup):
        yield from _of_lookup(attribute, source, rows)
    elif isinstance(source, Collection | Aggregate):
        yield from _of_other_rows(attribute, source, rows)
    elif isinstance(source, Expression):
        yield Fragment(f"{attribute.path}.calculation", source.sql, rows)


def _of_lookup(attribute: Attribute, lookup: Lookup, rows: dict[str, str]) -> Iterator[Fragment]:
    path = f"{attribute.path}.join"
    if lookup.condition is not None:
        yield Fragment(f"{path}.condition", lookup.condition, rows)
    reach = rows
    for number, step in enumerate(lookup.steps):
        reach = {step.alias: step.table} | reach
        place = f"{path}.joins[{number}]" if len(lookup.steps) > 1 else path
        for condition in step.conditions:
            yield Fragment(place, condition, reach)
        yield Fragment(place, step.select, reach)


def _of_other_rows(
    attribute: Attribute, source: Collection | Aggregate, rows: dict[str, str]
) -> Iterator[Fragment]:
    reach = {source.table: source.table} | rows
    if isinstance(source, Aggregate):
        path = f"{attribute.path}.calculation"
        yield Fragment(path, source.select, reach)
    else:
        path = f"{attribute.path}.join"
        for name, sql in source.columns:
            yield Fragment(f"{path}.construction.select_columns.{name}", sql, reach)
        if source.order_by is not None:
            order = f"{path}.construction.order_by"
            yield Fragment(order, source.order_by, reach, is_order=True)
    yield Fragment(path, source.condition, reach)
