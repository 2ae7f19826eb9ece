"""Whether the conditions of a join can find more than one row, and whether an index finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from infrastructure.migration.source.schema import SourceColumn
from infrastructure.migration.source.scope import Reachable, Scope

# Within a family, values that are equal to one value are equal to each other. Between them they
# need not be: the texts '1' and '01' are both equal to the number 1.
_FAMILIES = (
    {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"},
    {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"},
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"},
)
_FAMILY = {kind: number for number, kinds in enumerate(_FAMILIES) for kind in kinds}


def finds_one(target: Reachable, conditions: Iterable[exp.Expr], scope: Scope) -> bool:
    """Whether at most one row of the target meets the conditions: they fix a whole unique key."""
    fixed = {
        column.name.lower()
        for condition in conditions
        for column in _fixed(target, condition, scope)
    }
    keys = filter(None, (target.table.primary_key, *target.table.unique))
    return any(fixed.issuperset(name.lower() for name in key) for key in keys)


def finds_by_index(target: Reachable, conditions: Iterable[exp.Expr], scope: Scope) -> bool:
    """Whether an index of the target begins with a column of which the conditions ask a value."""
    indexed = {name.lower() for name in target.table.indexed}
    asked = {name.lower() for condition in conditions for name in _asked(target, condition, scope)}
    return not indexed.isdisjoint(asked)


def _asked(target: Reachable, condition: exp.Expr, scope: Scope) -> Iterator[str]:
    comparison = condition.unnest()
    if isinstance(comparison, exp.Predicate):
        for side in (comparison.args.get("this"), comparison.args.get("expression")):
            found = scope.column_of(side) if isinstance(side, exp.Expr) else None
            if found and found[0] == target.alias:
                yield found[1].name


def _fixed(target: Reachable, condition: exp.Expr, scope: Scope) -> Iterator[SourceColumn]:
    equation = condition.unnest()
    if not isinstance(equation, exp.EQ):
        return
    sides = equation.this, equation.expression
    for side, other in (sides, sides[::-1]):
        found = scope.column_of(side)
        if found and found[0] == target.alias and _same_family(found[1], other, target, scope):
            yield found[1]


def _same_family(column: SourceColumn, other: exp.Expr, target: Reachable, scope: Scope) -> bool:
    if isinstance(other, exp.Literal):
        return _FAMILY.get(column.kind) == (1 if other.is_string else 0)
    found = scope.column_of(other)
    if found is None or found[0] == target.alias:
        return False
    families = _FAMILY.get(column.kind, column.kind), _FAMILY.get(found[1].kind, found[1].kind)
    return families[0] == families[1]
