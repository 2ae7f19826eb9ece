"""The columns of the row's own table: which are read, and as what."""

from __future__ import annotations

from infrastructure.migration.contract import Columns, Entity
from infrastructure.migration.fragments import quoted
from infrastructure.migration.source.errors import SourceMismatch
from infrastructure.migration.source.exact import BYTES, NUMBER
from infrastructure.migration.source.schema import SourceColumn, SourceTable


def column_sql(table: SourceTable, column: SourceColumn, bits: str = BYTES) -> str:
    """A column of the row's table as it is read. `bits` is what becomes of a `bit`."""
    sql = quoted(table.name, column.name)
    if column.kind == "bit" and bits == NUMBER:
        return NUMBER.format(sql)
    return f"{sql} + 0e0" if column.kind == "float" else sql


def key_sql(table: SourceTable, name: str) -> str:
    """A column as rows are ordered and compared by it: as the text or number that it is read as."""
    column = own_column(table, name)
    sql = column_sql(table, column)
    if column.kind in {"enum", "set"}:
        return f"CONCAT({sql})"
    return f"({sql} + 0)" if column.kind == "bit" else sql


def plain_columns(entity: Entity) -> tuple[str, ...]:
    """The columns of the row itself that are attributes, each once."""
    return tuple(
        dict.fromkeys(
            name
            for attribute in entity.attributes
            if isinstance(attribute.source, Columns)
            for name in attribute.source.names
        )
    )


def key_columns(entity: Entity, table: SourceTable) -> tuple[str, ...]:
    """What tells the rows: the table's key; without one all plain columns, or all there are."""
    return table.row_key or plain_columns(entity) or tuple(each.name for each in table.columns)


def own_column(table: SourceTable, name: str) -> SourceColumn:
    """The column of this name. Raises `SourceMismatch`."""
    found = table.column(name)
    if found is None:
        raise SourceMismatch("", f"there is no column {name} in {table.name}")
    return found
