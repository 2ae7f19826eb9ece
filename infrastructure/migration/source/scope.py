"""Which tables an expression of a contract may name, and what its columns are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen
from sqlglot import exp

from infrastructure.migration.fragments import parse, parse_order, render
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.schema import SourceColumn, SourceTable


@frozen
class Reachable:
    """A table under the name that the contract has for it, and the alias it has in the query."""

    name: str
    alias: str
    table: SourceTable


@frozen
class Scope:
    """The tables in reach of an expression, the nearest first; the last is the row's own."""

    tables: tuple[Reachable, ...]

    def expression(self, sql: str) -> exp.Expr:
        """The expression, each column with the table it is of.

        A column without a table is of the nearest that has it. Raises `ValueError` for a column
        that is in none, and for what is no expression.
        """
        return _qualified(parse(sql), self.tables)

    def render(self, sql: str) -> str:
        """The expression as SQL."""
        return render(self.expression(sql))

    def order(self, sql: str) -> str:
        """What stands behind `ORDER BY`, with it, as SQL."""
        return render(_qualified(parse_order(sql), self.tables))

    def conditions(self, sql: str) -> tuple[exp.Expr, ...]:
        """What the expression demands together: the parts between its `AND`s.

        Where the nearest table and the row's own have one name, as when a table is joined with
        itself, the left side of an equation is of the nearest and the right of the row.
        """
        parts = tuple(_conjuncts(parse(sql)))
        return tuple(map(self._condition, parts))

    def column_of(self, node: exp.Expr) -> tuple[str, SourceColumn] | None:
        """Alias and column that a qualified expression consists of, if it is one column."""
        if not isinstance(node, exp.Column):
            return None
        for each in self.tables:
            column = each.table.column(node.name) if each.alias == node.table else None
            if column is not None:
                return each.alias, column
        return None

    def _condition(self, part: exp.Expr) -> exp.Expr:
        equation = part.unnest()
        is_self_join = len(self.tables) > 1 and self.tables[0].name == self.tables[-1].name
        if is_self_join and isinstance(equation, exp.EQ):
            _qualified(equation.this, self.tables)
            _qualified(equation.expression, self.tables[::-1])
            return part
        return _qualified(part, self.tables)


def _qualified(tree: exp.Expr, tables: Sequence[Reachable]) -> exp.Expr:
    for column in list(tree.find_all(exp.Column)):
        column.set("table", exp.to_identifier(_alias(column, tables), quoted=True))
    return tree


def _alias(column: exp.Column, tables: Sequence[Reachable]) -> str:
    name = column.table
    named = [each for each in tables if not name or each.name == name]
    if not named:
        known = ", ".join(dict.fromkeys(each.name for each in tables))
        raise SourceMismatch("", f"no table {name} is in reach, only {known}")
    for each in named:
        if each.table.column(column.name) is not None:
            return each.alias
    places = " or ".join(dict.fromkeys(each.table.name for each in named))
    raise SourceMismatch("", f"there is no column {column.name} in {places}")


def _conjuncts(tree: exp.Expr) -> Iterator[exp.Expr]:
    bare = tree.unnest()
    if isinstance(bare, exp.And):
        yield from _conjuncts(bare.this)
        yield from _conjuncts(bare.expression)
    else:
        yield tree
