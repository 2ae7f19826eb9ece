"""Reads the rows of an entity: planned in ranges, a range at a time, or one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from sqlalchemy import Connection, CursorResult, Engine

from infrastructure.migration.contract import Entity
from infrastructure.migration.rows import SourceRow
from infrastructure.migration.source.query import RowQuery, select_rows
from infrastructure.migration.source.ranges import Condition, KeyRange, within
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.tasks import KeyValues

_BUFFERED = 500


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
        before the last waits until the source has sent the rest.
        """
        query = self._query(entity)
        key = _key(query)
        condition = within(key, KeyRange(after, up_to))
        sql = f"{query.sql} WHERE {condition.sql}{_order(key)}"
        streaming = self._engine.execution_options(stream_results=True, max_row_buffer=_BUFFERED)
        statement = Condition(sql, condition.parameters)
        with streaming.connect() as connection, closing(_execute(connection, statement)) as answer:
            for row in answer:
                yield query.read(row)

    def row(self, entity: Entity, key: Mapping[str, object]) -> SourceRow | None:
        """The row with these values of columns, or `None`; of several, any."""
        query = self._query(entity)
        where = " AND ".join(f"{query.compared(name)} <=> %s" for name in key)
        sql = f"{query.sql} WHERE {where} LIMIT 1"
        with self._engine.connect() as connection:
            found = _execute(connection, Condition(sql, tuple(key.values()))).first()
        return None if found is None else query.read(found)

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


def _execute(connection: Connection, statement: Condition) -> CursorResult[tuple[object, ...]]:
    return connection.exec_driver_sql(statement.sql, statement.parameters)
