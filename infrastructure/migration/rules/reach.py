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
    """A piece of SQL. `outer` and `inner` are tables by the names that they have in it.

    A column without a table is one of the inner tables; where none has it, one of the outer.
    """

    path: str
    sql: str
    outer: Mapping[str, str]
    inner: Mapping[str, str]
    is_order: bool = False

    @property
    def tables(self) -> Mapping[str, str]:
        """All tables in reach."""
        return {**self.outer, **self.inner}


def fragments(entity: Entity, attribute: Attribute) -> Iterator[Fragment]:
    """All SQL of an attribute."""
    rows = {entity.source_table: entity.source_table}
    source = attribute.source
    if isinstance(source, Lookup):
        yield from _of_lookup(attribute, source, rows)
    elif isinstance(source, Collection | Aggregate):
        yield from _of_other_rows(attribute, source, rows)
    elif isinstance(source, Expression):
        yield Fragment(f"{attribute.path}.calculation", source.sql, {}, rows)


def _of_lookup(attribute: Attribute, lookup: Lookup, rows: Mapping[str, str]) -> Iterator[Fragment]:
    path = f"{attribute.path}.join"
    if lookup.condition is not None:
        yield Fragment(f"{path}.condition", lookup.condition, {}, rows)
    inner: dict[str, str] = {}
    for number, step in enumerate(lookup.steps):
        inner = {**inner, step.alias: step.table}
        place = f"{path}.joins[{number}]" if len(lookup.steps) > 1 else path
        for condition in step.conditions:
            yield Fragment(place, condition, rows, inner)
        yield Fragment(place, step.select, rows, inner)


def _of_other_rows(
    attribute: Attribute, source: Collection | Aggregate, rows: Mapping[str, str]
) -> Iterator[Fragment]:
    inner = {source.alias or source.table: source.table}
    if isinstance(source, Aggregate):
        path = f"{attribute.path}.calculation"
        yield Fragment(path, source.select, rows, inner)
    else:
        path = f"{attribute.path}.join"
        for name, sql in source.columns:
            yield Fragment(f"{path}.construction.select_columns.{name}", sql, rows, inner)
        if source.order_by is not None:
            order = f"{path}.construction.order_by"
            yield Fragment(order, source.order_by, rows, inner, is_order=True)
    yield Fragment(path, source.condition, rows, inner)
