"""Fills a database with the sample shop."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, text

from infrastructure.migration.source.connection import connect
from tests.migration.shop.data import Shop

_SCHEMA = Path(__file__).with_name("schema.sql")
_AT_ONCE = 2000


def fill(url: str, rows: int = 400) -> Shop:
    """Make the tables in an empty database, with so many rows in all."""
    shop, engine = Shop(rows), connect(url)
    with engine.begin() as connection:
        statements = _SCHEMA.read_text().split(";\n")
        for statement in filter(None, map(str.strip, statements)):
            connection.execute(text(statement))
        for table in (*shop.counts, "currencies"):
            _insert(connection, shop, table)
        connection.execute(text(f"ANALYZE TABLE {', '.join(shop.counts)}"))
    engine.dispose()
    return shop


def _insert(connection: Connection, shop: Shop, table: str) -> None:
    rows = shop.rows(table)
    while chunk := list(islice(rows, _AT_ONCE)):
        marks = ", ".join(["%s"] * len(chunk[0]))
        # The driver makes one statement of many rows.
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", chunk)  # noqa: S608
