"""Reads the rows of an entity: planned in ranges, a range at a time, or one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from sqlalchemy import Connection, CursorResult, Engine

from infrastructure.migration.contract import Entity
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.source.failures import SourceFailed
from infrastructure.migration.source.query import RowQuery, select_rows
from infrastructure.migration.source.ranges import Condition, KeyRange, within
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.tasks import KeyValues

_BUFFERED = 500
_TOO_LONG = 1301
"""The warning that a function's value is NULL because it would be above `max_allowed_packet`."""


class SourceReader:
    """Reads by one query each, so that a range, with its joins, is as it was at one moment."""

    def __init__(self, engine: Engine, schema: SourceSchema) -> None:
        self._engine = engine
        self._schema = schema
        self._queries: dict[str, RowQuery] = {}

    def plan(self, entity: Entity, size: int) -> tuple[KeyRange, ...]:
        """Ranges of the key with `size` rows each, as the table is now; the last may have fewer.

        The first has no lower, the last no upper bound: each row is in exactly one of them, also
        one that is inserted later. A table without a key is one range.
        """
        query = self._query(entity)
        ends: list[KeyValues] = []
        if query.table.row_key:
            with self._engine.connect() as connection:
                # A key that does not grow is one that the server compares otherwise than it says.
                while (end := _end(connection, query, ends[-1:], size)) and end not in ends[-1:]:
                    ends.append(end)
        return tuple(map(KeyRange, [None, *ends], [*ends, None]))

    def rows(
        self, entity: Entity, after: KeyValues | None = None, up_to: KeyValues | None = None
    ) -> Iterator[SourceRow]:
        """The rows above one key, up to and with another, in the order of the key.

        They are read as they are asked for: memory does not grow with their number. Who stops
        before the last waits until the source has sent the rest. After the last, raises
        `SourceFailed` where the server made NULL of a value that was too long for it.
        """
        query = self._query(entity)
        key = _key(query)
        condition = within(key, KeyRange(after, up_to))
        sql = f"{query.sql} WHERE {condition.sql}{_order(key)}"
        streaming = self._engine.execution_options(stream_results=True, max_row_buffer=_BUFFERED)
        statement = Condition(sql, condition.parameters)
        with streaming.connect() as connection:
            with closing(_execute(connection, statement)) as answer:
                yield from map(query.read, answer)
            reason = _too_long(connection, query)
        if reason is not None:
            raise SourceFailed(self._row_too_long(entity, key, condition) or reason)

    def row(self, entity: Entity, key: Mapping[str, object]) -> SourceRow | None:
        """The row with these values of columns, or `None`; of several, any.

        Raises `SourceFailed` as `rows` does.
        """
        query = self._query(entity)
        where = " AND ".join(f"{query.compared(name)} <=> %s" for name in key)
        sql = f"{query.sql} WHERE {where} LIMIT 1"
        with self._engine.connect() as connection:
            found = _execute(connection, Condition(sql, tuple(key.values()))).first()
            reason = _too_long(connection, query)
        if reason is not None:
            told = ", ".join(f"{name}={value}" for name, value in key.items())
            raise SourceFailed(f"{query.table.name} {told}: {reason}")
        return None if found is None else query.read(found)

    def _row_too_long(
        self, entity: Entity, key: tuple[str, ...], condition: Condition
    ) -> str | None:
        """Which row it is that the server said this of, if the table has a key."""
        if not key:
            return None
        query = self._query(entity)
        sql = f"SELECT {', '.join(key)} FROM {query.from_table} WHERE {condition.sql}"
        with self._engine.connect() as connection:
            found = _execute(connection, Condition(sql, condition.parameters)).all()
        for values in found:
            try:
                self.row(entity, dict(zip(query.table.row_key, values, strict=True)))
            except SourceFailed as failed:
                return failed.reason
        return None

    def _query(self, entity: Entity) -> RowQuery:
        if entity.path not in self._queries:
            self._queries[entity.path] = select_rows(entity, self._schema)
        return self._queries[entity.path]


def _end(
    connection: Connection, query: RowQuery, last: Sequence[KeyValues], size: int
) -> KeyValues | None:
    """The key of the last of the next `size` rows, or `None` where there are fewer."""
    key = _key(query)
    condition = within(key, KeyRange(last[0] if last else None))
    sql = (
        f"SELECT {', '.join(key)} FROM {query.from_table}"
        f" WHERE {condition.sql}{_order(key)} LIMIT 1 OFFSET {size - 1:d}"
    )
    found = _execute(connection, Condition(sql, condition.parameters)).first()
    return None if found is None else tuple(found)


def _key(query: RowQuery) -> tuple[str, ...]:
    return tuple(query.compared(name) for name in query.table.row_key)


def _order(key: tuple[str, ...]) -> str:
    return f" ORDER BY {', '.join(key)}" if key else ""


def _too_long(connection: Connection, query: RowQuery) -> str | None:
    """What the server says where it gave NULL for a value above `max_allowed_packet`."""
    if not query.is_calculated:
        return None
    for _, code, message in connection.exec_driver_sql("SHOW WARNINGS"):
        if code == _TOO_LONG:
            return f"{message}; it would be missing: shorten it, or raise max_allowed_packet"
    return None


def _execute(connection: Connection, statement: Condition) -> CursorResult[tuple[object, ...]]:
    return connection.exec_driver_sql(statement.sql, statement.parameters)
