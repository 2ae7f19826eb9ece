"""The side of the source: rows as the items they become, written by whoever holds their key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from attrs import evolve, frozen
from sqlalchemy import Connection, Delete, Insert, Update, column, delete, insert, table, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnClause, ColumnElement, quoted_name
from sqlalchemy.sql.selectable import TableClause
from typing_extensions import override

from application.errors import StorageError
from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.contract import Attribute, Entity, Table
from infrastructure.migration.contract import Columns as SourceColumns
from infrastructure.migration.conversion.columns import to_columns
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.conversion.records import entity_of, to_record
from infrastructure.migration.phases.source_locks import SourceLocks
from infrastructure.migration.phases.store import Change, Fence, KeyLost, Store
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.row_keys import Columns, RowKeys

Statement = Delete | Insert | Update


@frozen(kw_only=True)
class SourceTable(Store):
    """The rows of a contract's table, as the contract makes items of them.

    Written are the plain columns of attributes that change, which needs transformations that can be
    undone. Of a new row all other columns get their defaults.
    """

    table: Table
    reader: SourceReader
    rows: RowKeys
    locks: SourceLocks

    @override
    def read(self, key: Item) -> Item | None:
        with self._failing("SELECT", key):
            for entity, columns in self.rows.rows_of(key):
                row = self.reader.row(entity, columns)
                item = None if row is None else to_item(self.table, entity, row)
                if item is not None and all(item[name] == key[name] for name in key):
                    return item
        return None

    @override
    def read_last(self, key: Item) -> Item | None:
        """See `Store`. Whoever may write yet holds the key's lock in the source."""
        with self._failing("GET_LOCK", key), self.locks.locked(self.table.name, key):
            return self.read(key)

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        with (
            self._failing("GET_LOCK", key),
            self.locks.locked(self.table.name, key) as connection,
        ):
            # Only now: who takes the key over after this look waits for the lock.
            if not fence.is_up():
                raise KeyLost(self.table.name, key_text(key))
            present = self.read(key)
            statements = self._statements(key, present, change(present))
            self._execute(connection, key, statements)

    def _execute(self, connection: Connection, key: Item, statements: list[Statement]) -> None:
        for statement in statements:
            with self._failing(type(statement).__name__.upper(), key):
                connection.execute(statement)
        if statements:
            with self._failing("COMMIT", key, maybe_applied=True):
                connection.commit()

    def _statements(self, key: Item, present: Item | None, wanted: Item | None) -> list[Statement]:
        """What makes the row of one item that of the other."""
        before = None if present is None else self._entity(present)
        after = None if wanted is None else self._entity(wanted)
        where = {entity.name: columns for entity, columns in self.rows.rows_of(key)}
        if before is not None and before == after:
            columns = self._told(before, wanted or {}, self._changed(present or {}, wanted or {}))
            return _updates(before, where[before.name], columns)
        statements: list[Statement] = []
        if before is not None:
            statements.append(delete(_named(before, ())).where(*_are(where[before.name])))
        if after is not None and wanted is not None:
            told = self._told(after, wanted, wanted.keys())
            columns = {**where[after.name], **told}
            statements.append(insert(_named(after, columns)).values(columns))
        return statements

    def _entity(self, item: Item) -> Entity:
        return entity_of(self.table, to_record(self.table, item))

    def _changed(self, present: Item, wanted: Item) -> set[str]:
        old, new = to_record(self.table, present), to_record(self.table, wanted)
        return {name for name in {*old, *new} if old.get(name) != new.get(name)}

    def _told(self, entity: Entity, item: Item, names: Collection[str]) -> Columns:
        """The columns that these attributes tell, with the others that tell the same columns.

        Raises `NotReversible`.
        """
        wanted = {
            column for each in entity.attributes if each.name in names for column in _columns(each)
        }
        telling = tuple(each for each in entity.attributes if wanted & {*_columns(each)})
        return to_columns(evolve(entity, attributes=telling), to_record(self.table, item))

    @contextmanager
    def _failing(self, operation: str, key: Item, *, maybe_applied: bool = False) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StorageError(
                operation=f"{operation} on the source",
                table=self.table.name,
                key=key_text(key),
                maybe_applied=maybe_applied,
                detail=_detail(error),
            ) from error


def _updates(entity: Entity, where: Columns, columns: Columns) -> list[Statement]:
    if not columns:
        return []
    return [update(_named(entity, columns)).where(*_are(where)).values(dict(columns))]


def _columns(attribute: Attribute) -> tuple[str, ...]:
    source = attribute.source
    return source.names if isinstance(source, SourceColumns) else ()


def _named(entity: Entity, columns: Iterable[str]) -> TableClause:
    names: list[ColumnClause[object]] = [_column(name) for name in columns]
    return table(quoted_name(entity.source_table, quote=True), *names)


def _are(columns: Columns) -> list[ColumnElement[bool]]:
    return [_column(name) == value for name, value in columns.items()]


def _column(name: str) -> ColumnClause[object]:
    return column(quoted_name(name, quote=True))


def _detail(error: SQLAlchemyError) -> str:
    """What failed, without its values: the server quotes them."""
    if not isinstance(error, DBAPIError) or error.orig is None or not error.orig.args:
        return type(error).__name__
    code = error.orig.args[0]
    return f"{type(error.orig).__name__} {code}"
