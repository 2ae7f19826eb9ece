"""The one SELECT that reads an entity's rows with all that its joins and calculations give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from attrs import evolve, field, frozen

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    Collection,
    Columns,
    Entity,
    Expression,
    Lookup,
    Template,
    TransformationType,
)
from infrastructure.migration.fragments import quoted, render
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.source.cells import Cell, JsonCell, OtherwiseCell, SingleCell
from infrastructure.migration.source.columns import column_sql, key_columns, key_sql, own_column
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.exact import BYTES, NUMBER, exact
from infrastructure.migration.source.schema import SourceSchema, SourceTable
from infrastructure.migration.source.scope import Reachable, Scope
from infrastructure.migration.source.subqueries import LookupSql, Subqueries
from infrastructure.migration.templates import placeholders, position

_LIST_LIMIT = "@@group_concat_max_len"


@frozen
class RowQuery:
    """A SELECT without its WHERE and ORDER BY, and what stands where in its rows."""

    table: SourceTable
    selected: tuple[str, ...]
    key: tuple[Cell, ...]
    values: tuple[Cell, ...]
    columns: tuple[Cell, ...]
    matches: tuple[Cell, ...]
    is_calculated: bool
    """Whether there is more than the columns of the row's own table."""

    @property
    def sql(self) -> str:
        """As the driver wants it, each `%` doubled."""
        return f"SELECT {_for_driver(', '.join(self.selected))} FROM {self.from_table}"

    @property
    def from_table(self) -> str:
        """The row's table."""
        return _for_driver(quoted(self.table.name))

    def compared(self, name: str) -> str:
        """A column as rows are ordered and compared by it."""
        return _for_driver(key_sql(self.table, name))

    def read(self, row: Sequence[object]) -> SourceRow:
        """What a row of the answer says."""
        return SourceRow(
            {each.name: each.read(row) for each in self.key},
            {each.name: each.read(row) for each in self.values},
            {each.name: each.read(row) for each in self.columns},
            {each.name: int(str(each.read(row))) for each in self.matches},
        )


def select_rows(entity: Entity, schema: SourceSchema) -> RowQuery:
    """The query for the entity's rows.

    Raises `SourceMismatch`, with the path in the contract, for what the source does not have.
    """
    table = schema.tables.get(entity.source_table)
    if table is None:
        raise SourceMismatch(entity.path, f"the source has no table {entity.source_table}")
    return _Builder(entity, schema, table).build()


def _bits(attribute: Attribute) -> str:
    """What becomes of a `bit`: its number where the attribute wants one, else its bytes."""
    by = attribute.transformation
    wants_number = attribute.type == "N" or (by and by.type is TransformationType.NUMBER)
    return NUMBER if wants_number else BYTES


@frozen
class _Builder:
    """Collects what is selected, each expression once."""

    entity: Entity
    schema: SourceSchema
    table: SourceTable
    selected: dict[str, int] = field(factory=dict[str, int])
    matches: list[Cell] = field(factory=list[Cell])

    def build(self) -> RowQuery:
        key = tuple(
            Cell(name, (self._place(key_sql(self.table, name)),))
            for name in key_columns(self.entity, self.table)
        )
        values = tuple(
            self._attribute(attribute)
            for attribute in self.entity.attributes
            if not isinstance(attribute.source, Template)
        )
        columns = tuple(self._column(name, path) for name, path in _named(self.entity).items())
        return RowQuery(
            self.table,
            tuple(self.selected),
            key,
            values,
            columns,
            tuple(self.matches),
            not all(isinstance(each.source, Columns | Template) for each in self.entity.attributes),
        )

    def _attribute(self, attribute: Attribute) -> Cell:
        try:
            return self._cell(attribute)
        except SourceMismatch as mismatch:
            raise SourceMismatch(attribute.path, mismatch.cause) from mismatch
        except ValueError as error:
            raise SourceMismatch(attribute.path, str(error)) from error

    def _cell(self, attribute: Attribute) -> Cell:
        source, name = attribute.source, attribute.name
        match source:
            case Columns():
                return self._plain(name, source.names, _bits(attribute))
            case Lookup():
                return self._lookup(name, source, _bits(attribute))
            case Aggregate():
                return self._found(name, self._subqueries.aggregate(source))
            case Expression():
                sql = render(exact(source.sql, self._scope, _bits(attribute)))
                return Cell(name, (self._place(sql),))
            case Collection():
                place = self._place(self._subqueries.collection(source))
                return JsonCell(name, (place,), source.is_list, self._place(_LIST_LIMIT))
            case Template():
                raise AssertionError(name)
        assert_never(source)

    def _plain(self, name: str, columns: tuple[str, ...], bits: str = BYTES) -> Cell:
        found = [own_column(self.table, each) for each in columns]
        places = tuple(self._place(column_sql(self.table, each, bits)) for each in found)
        is_single = len(found) == 1 and found[0].kind == "float"
        return (SingleCell if is_single else Cell)(name, places)

    def _lookup(self, name: str, lookup: Lookup, bits: str) -> Cell:
        found = self._subqueries.lookup(lookup, bits)
        value, matches, holds = found.value, found.matches, None
        if lookup.condition is not None:
            condition = self._scope.render(lookup.condition)
            holds = self._place(f"({condition}) IS TRUE")
            value = f"CASE WHEN {condition} THEN {value} END"
            matches = matches and f"CASE WHEN {condition} THEN {matches} ELSE 0 END"
        if matches is not None:
            self.matches.append(Cell(name, (self._place(matches),)))
        cell = self._found(name, evolve(found, value=value))
        if lookup.otherwise is None:
            return cell
        return OtherwiseCell(name, cell.places, cell, lookup.otherwise, holds)

    def _found(self, name: str, found: LookupSql) -> Cell:
        return (SingleCell if found.is_single else Cell)(name, (self._place(found.value),))

    def _column(self, name: str, path: str) -> Cell:
        try:
            return self._plain(name, (name,))
        except SourceMismatch as mismatch:
            raise SourceMismatch(path, mismatch.cause) from mismatch

    def _place(self, sql: str) -> int:
        return self.selected.setdefault(sql, len(self.selected))

    @property
    def _row(self) -> Reachable:
        return Reachable(self.table.name, self.table.name, self.table)

    @property
    def _scope(self) -> Scope:
        return Scope((self._row,))

    @property
    def _subqueries(self) -> Subqueries:
        return Subqueries(self.schema, self._row)


def _named(entity: Entity) -> dict[str, str]:
    """The columns that templates name, with the path of the attribute where they do."""
    attributes = {attribute.name for attribute in entity.attributes}
    named: dict[str, str] = {}
    for attribute in entity.attributes:
        for name in _names(attribute, attributes):
            named.setdefault(name, attribute.path)
    return named


def _names(attribute: Attribute, attributes: set[str]) -> set[str]:
    transformation = attribute.transformation
    if isinstance(attribute.source, Template):
        return {*placeholders(attribute.source.text)} - attributes
    if transformation is not None and transformation.type is TransformationType.STRING:
        return {
            each for each in placeholders(transformation.format or "") if position(each) is None
        }
    return set()


def _for_driver(sql: str) -> str:
    return sql.replace("%", "%%")
