"""Joins and calculations of a contract as subqueries of one value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen
from sqlglot import exp

from infrastructure.migration.contract import Aggregate, Collection, Lookup
from infrastructure.migration.fragments import quoted, render
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.exact import BYTES, NUMBER, exact, is_float
from infrastructure.migration.source.schema import SourceColumn, SourceSchema
from infrastructure.migration.source.scope import Reachable, Scope
from infrastructure.migration.source.uniqueness import finds_by_index, finds_one

_BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry"}
_ISO_DATETIME = (
    "CONCAT(DATE_FORMAT({0}, '%Y-%m-%dT%H:%i:%s'),"
    " IF(MICROSECOND({0}), DATE_FORMAT({0}, '.%f'), ''))"
)


@frozen
class LookupSql:
    """The value that a lookup finds, and, where it may find several rows, how many."""

    value: str
    matches: str | None
    is_single: bool = False
    """Whether the value is that of a `float`, read as a `double`."""


@frozen
class Subqueries:
    """Writes them for the rows of one table."""

    schema: SourceSchema
    row: Reachable

    def lookup(self, lookup: Lookup, bits: str = BYTES) -> LookupSql:
        """What a join finds over its steps. With a separator, a step may find nothing.

        `bits` is what becomes of a `bit`.
        """
        scope, is_one = Scope((self.row,)), True
        values: list[str] = []
        joined: list[tuple[str, str]] = []
        for step, (scope, conditions) in zip(lookup.steps, self._steps(lookup), strict=True):
            is_one = is_one and finds_one(scope.tables[0], conditions, scope)
            joined.append((_from(scope.tables[0]), _all(conditions)))
            values.append(render(exact(step.select, scope, bits)))
        found = _joined(joined, "JOIN" if lookup.separator is None else "LEFT JOIN")
        value = _value(lookup, values)
        is_single = lookup.separator is None and is_float(lookup.steps[-1].select, scope)
        if is_one:
            return LookupSql(f"(SELECT {value} {found})", None, is_single)
        value, matches = f"(SELECT {value} {found} LIMIT 1)", f"(SELECT COUNT(*) {found})"
        return LookupSql(value, matches, is_single)

    def aggregate(self, aggregate: Aggregate) -> LookupSql:
        """One figure over the rows that match."""
        scope = self._into(Scope((self.row,)), aggregate.table, aggregate.table)
        operation, select = aggregate.operation, aggregate.select
        value = render(exact(select, scope, NUMBER))
        where = _all(scope.conditions(aggregate.condition))
        sql = f"(SELECT {operation}({value}) FROM {_from(scope.tables[0])} WHERE {where})"
        is_single = operation in {"MIN", "MAX"} and is_float(select, scope)
        return LookupSql(sql, None, is_single)

    def collection(self, collection: Collection) -> str:
        """The maps of the rows that match, as JSON with commas between, or the first; else NULL."""
        scope = self._into(Scope((self.row,)), collection.table, collection.table)
        pairs = ", ".join(
            f"{_literal(name)}, {_json_value(scope, sql)}" for name, sql in collection.columns
        )
        order = _order(scope, collection)
        value = f"JSON_OBJECT({pairs})"
        where = (
            f"FROM {_from(scope.tables[0])} WHERE {_all(scope.conditions(collection.condition))}"
        )
        if collection.is_list:
            return f"(SELECT GROUP_CONCAT({value}{order} SEPARATOR ',') {where})"
        return f"(SELECT {value} {where}{order} LIMIT 1)"

    def read_whole(self, source: Lookup | Aggregate | Collection) -> tuple[str, ...]:
        """The tables in which no index finds what is looked for."""
        steps = self._steps(source)
        found = ((scope, finds_by_index(scope.tables[0], each, scope)) for scope, each in steps)
        return tuple(scope.tables[0].table.name for scope, is_found in found if not is_found)

    def _steps(
        self, source: Lookup | Aggregate | Collection
    ) -> Iterator[tuple[Scope, list[exp.Expr]]]:
        """What each step has in reach, its own table first, and what it demands."""
        scope = Scope((self.row,))
        for name, table, conditions in _joined_by(source):
            scope = self._into(scope, name, table)
            yield scope, [part for sql in conditions for part in scope.conditions(sql)]

    def _into(self, scope: Scope, name: str, table: str) -> Scope:
        found = self.schema.tables.get(table)
        if found is None:
            raise SourceMismatch("", f"the source has no table {table}")
        if any(each.name == name for each in scope.tables[:-1]):
            raise SourceMismatch("", f"two steps are called {name}")
        # Under its own name it would hide the row that it is joined with.
        alias = f"{name} found" if name == self.row.name else name
        return evolve(scope, tables=(Reachable(name, alias, found), *scope.tables))


def _joined_by(
    source: Lookup | Aggregate | Collection,
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if isinstance(source, Lookup):
        yield from ((step.alias, step.table, step.conditions) for step in source.steps)
    else:
        yield source.table, source.table, (source.condition,)


def _joined(steps: Sequence[tuple[str, str]], kind: str) -> str:
    (first, where), *others = steps
    joins = "".join(f" {kind} {table} ON {conditions}" for table, conditions in others)
    return f"FROM {first}{joins} WHERE {where}"


def _value(lookup: Lookup, values: Sequence[str]) -> str:
    if lookup.separator is None:
        return values[-1]
    return f"CONCAT_WS({_literal(lookup.separator)}, {', '.join(values)})"


def _from(target: Reachable) -> str:
    return f"{quoted(target.table.name)} AS {quoted(target.alias)}"


def _literal(value: str) -> str:
    return render(exp.Literal.string(value))


def _all(conditions: Sequence[exp.Expr]) -> str:
    return " AND ".join(f"({render(each)})" for each in conditions)


def _order(scope: Scope, collection: Collection) -> str:
    """The contract's order, and the key, so that it is the same at each reading."""
    target = scope.tables[0]
    key = [quoted(target.alias, name) for name in target.table.row_key]
    asked = (
        [scope.order(collection.order_by).removeprefix("ORDER BY ")] if collection.order_by else []
    )
    return f" ORDER BY {', '.join(asked + key)}" if asked or key else ""


def _json_value(scope: Scope, sql: str) -> str:
    tree = scope.expression(sql)
    found = scope.column_of(tree)
    return _json_column(render(tree), found[1]) if found else render(exact(sql, scope))


def _json_column(sql: str, column: SourceColumn) -> str:
    if column.kind in _BINARY:
        raise SourceMismatch("", f"{column.name} is binary, which JSON cannot hold")
    if column.kind in {"datetime", "timestamp"}:
        return _ISO_DATETIME.format(sql)
    if column.kind in {"date", "time"}:
        return f"CAST({sql} AS CHAR)"
    if column.kind == "float":
        return f"{sql} + 0e0"
    return f"{sql} + 0" if column.kind in {"bit", "year"} else sql
