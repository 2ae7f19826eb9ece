"""SQL that stands for what a contract says in words."""

from __future__ import annotations

from collections.abc import Iterable

from infrastructure.migration.fragments import quoted


def literal(text: str) -> str:
    """A text in quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def concat(separator: str, columns: Iterable[str]) -> str:
    """The columns with a separator between them, but for those that are NULL."""
    return f"CONCAT_WS({', '.join([literal(separator), *map(quoted, columns)])})"


def case(branches: Iterable[tuple[str, str]], otherwise: str | None) -> str:
    """The value of the first branch, condition and value, whose condition holds."""
    text = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {text}{'' if otherwise is None else f' ELSE {otherwise}'} END"


def shifted(column: str, operation: str, amount: int, unit: str) -> str:
    """A date so much later (`add`) or earlier (`subtract`)."""
    function = "DATE_ADD" if operation == "add" else "DATE_SUB"
    return f"{function}({quoted(column)}, INTERVAL {amount} {unit})"


def difference(column: str, other: str, unit: str) -> str:
    """How many whole units a date is after another."""
    return f"TIMESTAMPDIFF({unit}, {quoted(other)}, {quoted(column)})"
