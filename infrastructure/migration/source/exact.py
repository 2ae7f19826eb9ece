"""Columns of which the server would print less than they hold, or something else.

A `float` is printed with six digits; as a `double` it is whole. A `bit` that does not come from the
row's own table is printed as the digits of its number; as a text it is its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from infrastructure.migration.fragments import parse
from infrastructure.migration.source.scope import Scope

BYTES = "CONCAT({})"
NUMBER = "{} + 0"


def exact(sql: str, scope: Scope, bits: str = BYTES) -> exp.Expr:
    """The expression with all that it holds. Raises `ValueError` as `Scope.expression` does.

    `bits` is what becomes of a `bit` column, where the expression is one.
    """
    root = exp.Paren(this=scope.expression(sql))
    for node in list(_values(root.this)):
        kind = _kind(node, scope)
        if kind == "float":
            node.replace(_in("{} + 0e0", node))
        elif kind == "bit" and node is root.this:
            node.replace(_in(bits, node))
    found: exp.Expr = root.this
    return found.pop()


def is_float(sql: str, scope: Scope) -> bool:
    """Whether the expression is a column of single precision."""
    return _kind(scope.expression(sql), scope) == "float"


def _values(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What the value of an expression is one of, if it is not calculated."""
    match tree:
        case exp.Paren():
            yield from _values(tree.this)
        case exp.Case() | exp.If() | exp.Coalesce():
            chosen = [tree.args.get(name) for name in ("true", "false", "default")]
            own = [tree.this] if isinstance(tree, exp.Coalesce) else []
            for each in (*own, *tree.expressions, *tree.args.get("ifs", ()), *chosen):
                if each is not None:
                    yield from _values(each)
        case _:
            yield tree


def _kind(node: exp.Expr, scope: Scope) -> str | None:
    found = scope.column_of(node)
    return None if found is None else found[1].kind


def _in(sql: str, node: exp.Expr) -> exp.Expr:
    return parse(sql.format("x")).transform(
        lambda each: node.copy() if isinstance(each, exp.Column) else each
    )
