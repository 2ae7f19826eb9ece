"""What a MySQL or MariaDB database says of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from attrs import frozen
from sqlalchemy import Engine, text


@frozen
class SourceColumn:
    """A column. `type` is as the server writes it, such as `decimal(30,0)` or `enum('a','b')`."""

    name: str
    type: str
    nullable: bool
    collation: str | None = None
    """By which the server compares and orders texts."""

    @property
    def kind(self) -> str:
        """The type without length, members and signs: `decimal`, `enum`."""
        return re.split(r"[^a-z0-9_]", self.type.lower(), maxsplit=1)[0]


@frozen
class SourceTable:
    """A table, or a view, which has no key. `unique` is without the primary key."""

    name: str
    columns: tuple[SourceColumn, ...]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    indexed: frozenset[str] = frozenset()
    """The columns that an index begins with."""

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns that tell one row from all others, and by which rows are read in order.

        The primary key, or the first unique index over columns that are never NULL, or nothing.
        A key with a `float` is none: the server compares it with no text that it prints of it.
        """
        return next(filter(self._tells_rows, (self.primary_key, *self.unique)), ())

    @property
    def order(self) -> str:
        """The columns of `row_key`, and what their order depends on: type and collation."""
        columns = filter(None, map(self.column, self.row_key))
        told = [" ".join(filter(None, (each.name, each.type, each.collation))) for each in columns]
        return ", ".join(told) or "nothing"

    def column(self, name: str) -> SourceColumn | None:
        """The column of this name, in upper or lower case as in MySQL, if there is one."""
        return next((each for each in self.columns if each.name.lower() == name.lower()), None)

    def _tells_rows(self, key: tuple[str, ...]) -> bool:
        columns = [self.column(name) for name in key]
        return bool(key) and all(
            each is not None and not each.nullable and each.kind != "float" for each in columns
        )


@frozen
class SourceSchema:
    """The tables and views of one database, by name."""

    tables: Mapping[str, SourceTable]


def read_schema(engine: Engine) -> SourceSchema:
    """What the database says of itself now, in two queries.

    Read from `information_schema`, as the types stand there whole; a unique index over the first
    characters of a column, or over an expression, keeps no values unique and is left out.
    """
    with engine.connect() as connection:
        columns = connection.execute(_COLUMNS).all()
        indexes = connection.execute(_INDEXES).all()
    keys = _keys([(*names, part) for *names, part, is_unique in indexes if is_unique])
    indexed = _indexed(indexes)
    return SourceSchema(
        {
            name: _table(name, list(rows), keys.get(name, {}), indexed.get(name, frozenset()))
            for name, rows in groupby(columns, lambda row: str(row[0]))
        }
    )


_COLUMNS = text(
    "SELECT table_name, column_name, column_type, is_nullable, collation_name "
    "FROM information_schema.columns WHERE table_schema = DATABASE() "
    "ORDER BY BINARY table_name, ordinal_position"
)
_INDEXES = text(
    "SELECT table_name, index_name, column_name, sub_part, non_unique = 0 "
    "FROM information_schema.statistics WHERE table_schema = DATABASE() "
    "ORDER BY BINARY table_name, BINARY index_name, seq_in_index"
)
_PRIMARY = "PRIMARY"

_Row = Sequence[object]


def _keys(indexes: Sequence[_Row]) -> dict[str, dict[str, tuple[str, ...]]]:
    keys: dict[str, dict[str, tuple[str, ...]]] = {}
    for (table, index), parts in groupby(indexes, lambda row: (str(row[0]), str(row[1]))):
        columns = [None if part is not None else column for _, _, column, part in parts]
        if None not in columns:
            keys.setdefault(table, {})[index] = tuple(map(str, columns))
    return keys


def _indexed(indexes: Sequence[_Row]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for (table, _), parts in groupby(indexes, lambda row: (str(row[0]), str(row[1]))):
        found[table] = found.get(table, frozenset()) | {str(next(parts)[2])}
    return found


def _table(
    name: str,
    rows: Iterable[_Row],
    keys: Mapping[str, tuple[str, ...]],
    indexed: frozenset[str],
) -> SourceTable:
    columns = [
        SourceColumn(
            str(column),
            str(type_),
            nullable == "YES",
            None if collation is None else str(collation),
        )
        for _, column, type_, nullable, collation in rows
    ]
    unique = tuple(key for index, key in keys.items() if index != _PRIMARY)
    return SourceTable(name, tuple(columns), keys.get(_PRIMARY, ()), unique, indexed)
