"""The SQL in a contract: one expression each, parsed, and written again before a server sees it."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.mysql import MySQL
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.generators.mysql import MySQLGenerator

_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Query, "a subquery"),
    (exp.Parameter, "a variable"),
    (exp.SessionParameter, "a variable"),
    (exp.PropertyEQ, "an assignment"),
    (exp.Placeholder, "a placeholder"),
    (exp.Star, "'*'"),
    (exp.AggFunc, "an aggregate over rows"),
    (exp.Window, "a window over rows"),
    (exp.Dot, "a function of a database"),
)
_EFFECTS = (
    *("BENCHMARK", "GET_LOCK", "LASTVAL", "LAST_INSERT_ID", "LOAD_FILE", "MASTER_GTID_WAIT"),
    *("MASTER_POS_WAIT", "NEXTVAL", "RELEASE_ALL_LOCKS", "RELEASE_LOCK", "SETVAL", "SLEEP"),
    *("SOURCE_POS_WAIT", "WAIT_FOR_EXECUTED_GTID_SET"),
)
_FLEETING = (
    *("CONNECTION_ID", "CURDATE", "CURRENT_DATE", "CURRENT_ROLE", "CURRENT_TIME"),
    *("CURRENT_TIMESTAMP", "CURRENT_USER", "CURTIME", "FOUND_ROWS", "IS_FREE_LOCK"),
    *("IS_USED_LOCK", "LOCALTIME", "LOCALTIMESTAMP", "NOW", "RAND", "RANDOM_BYTES", "ROW_COUNT"),
    *("SESSION_USER", "SYSDATE", "SYSTEM_USER", "SYS_GUID", "USER", "UTC_DATE", "UTC_TIME"),
    *("UTC_TIMESTAMP", "UUID", "UUID_SHORT"),
)
_QUOTING = "names with a blank, and words of SQL, stand in backticks"


class _Generator(MySQLGenerator):
    """What MariaDB understands as well as MySQL."""

    TRANSFORMS: ClassVar = {
        **MySQLGenerator.TRANSFORMS,
        exp.RegexpLike: lambda self, e: self.binary(e, "REGEXP"),
        exp.JSONExtractScalar: lambda self, e: self.func(
            "JSON_UNQUOTE", self.func("JSON_EXTRACT", e.this, e.expression)
        ),
    }


def parse(sql: str) -> exp.Expr:
    """One SQL expression over columns of the tables in reach.

    Raises:
        ValueError: it is none, or holds a statement, a subquery, a variable, an aggregate, or a
            function that has an effect or that gives another value at each reading.
    """
    return _checked(_parsed(exp.Condition, sql, sql), exp.Condition, sql)


def parse_order(sql: str) -> exp.Expr:
    """What stands behind `ORDER BY`: expressions with a direction each, separated by commas.

    Raises:
        ValueError: it is none, or holds what `parse` refuses.
    """
    return _checked(_parsed(exp.Order, f"ORDER BY {sql}", sql), exp.Order, sql)


def render(expression: exp.Expr) -> str:
    """The expression as SQL for MySQL and MariaDB, identifiers quoted, without comments.

    Raises:
        ValueError: it has no form that MySQL understands.
    """
    generator = _Generator(
        dialect="mysql", identify=True, comments=False, unsupported_level=ErrorLevel.RAISE
    )
    try:
        return generator.generate(expression).strip()
    except SqlglotError as error:
        raise ValueError(f"MySQL does not understand it: {error}") from error


def quoted(*names: str) -> str:
    """A name as SQL: `quoted("orders", "id")` is that of a column."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def columns_of(expression: exp.Expr) -> tuple[tuple[str | None, str], ...]:
    """The columns that it names, each once: its table, or alias, or `None`, and its name."""
    found = {(each.table or None, each.name): None for each in expression.find_all(exp.Column)}
    return tuple(found)


def _parsed(kind: type[exp.Expr], text: str, sql: str) -> exp.Expr:
    cause = f"not one SQL expression: {sql!r}; {_QUOTING}"
    try:
        found = MySQL().parse_into(kind, text)
    except SqlglotError as error:
        raise ValueError(cause) from error
    if len(found) != 1 or found[0] is None:
        raise ValueError(cause)
    return found[0]


def _checked(expression: exp.Expr, kind: type[exp.Expr], sql: str) -> exp.Expr:
    for node in expression.walk():
        reason = _refusal(node)
        if reason is not None:
            raise ValueError(f"{reason} is not allowed: {sql!r}")
    written = render(expression)
    if not isinstance(expression, kind) or render(_parsed(kind, written, sql)) != written:
        # What changes when it is read and written again was not understood.
        raise ValueError(f"not understood as one SQL expression: {sql!r}")
    return expression


def _refusal(node: exp.Expr) -> str | None:
    for kind, what in _REFUSED:
        if isinstance(node, kind):
            return what
    if isinstance(node, exp.Column) and node.args.get("db"):
        return "a column of another database"
    name = _function(node)
    if name in _EFFECTS:
        return f"{name}, a function with an effect,"
    if name in _FLEETING or (name == "UNIX_TIMESTAMP" and not node.expressions):
        return f"{name}, which gives another value at each reading,"
    return None


def _function(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Anonymous):
        return node.name.upper()
    return node.sql_name() if isinstance(node, exp.Func) else None
