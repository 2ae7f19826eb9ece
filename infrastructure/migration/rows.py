"""What is read of a source row, and why one cannot become an item."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from typing_extensions import override


class ZeroDate(str):
    """The text of a date that is none, such as `0000-00-00`, told apart from a text column's."""

    __slots__ = ()


@frozen
class Unreadable:
    """Stands where a value cannot be read whole: its row is rejected."""

    reason: str


@frozen
class SourceRow:
    """One row of an entity's source table, with all that its joins and calculations gave.

    Values are as the driver gives them (`int`, `Decimal`, `float`, `str`, `bytes`, `datetime`,
    `date`, `timedelta`, `None`); a zero date is a `ZeroDate`. Of an attribute with several columns
    the value is a tuple of theirs. A collection is its JSON text, an array; where one map is wanted
    and there is none, it is `None`.
    """

    key: Mapping[str, object]
    """The row's primary key by column. Where the table has none, all plain columns, and what else
    the key of its item is made of, attributes by their names."""
    values: Mapping[str, object]
    """By attribute, but for those that are made from a template."""
    columns: Mapping[str, object]
    """By column: those that formats name, and those that templates name and are no attributes."""
    matches: Mapping[str, int]
    """By attribute: how many rows its lookup found, for lookups that may find several."""


class RowRejected(Exception):
    """A row cannot become an item: the column, or attribute, and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason

    @override
    def __str__(self) -> str:
        return f"{self.column}: {self.reason}"


@frozen
class Reject:
    """A row that did not become an item, as the reject file tells it."""

    table: str
    entity: str
    key: Mapping[str, object]
    column: str
    reason: str
