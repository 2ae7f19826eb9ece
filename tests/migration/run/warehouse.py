"""A small source in which everything that a run decides comes up, and its contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pymysql
from sqlalchemy import make_url

CUSTOMERS = 120
LINES = 90
Row = Sequence[object]

_TABLES = """
CREATE TABLE customers (
  id INT PRIMARY KEY, email VARCHAR(90), name VARCHAR(90) NOT NULL, joined DATE,
  credit DECIMAL(40, 10), picture BLOB, INDEX (email));
CREATE TABLE order_lines (
  order_id INT, line INT, sku VARCHAR(20) NOT NULL, PRIMARY KEY (order_id, line));
CREATE TABLE codes (code VARCHAR(10) PRIMARY KEY, meaning VARCHAR(20) NOT NULL);
CREATE TABLE remarks (about INT NOT NULL, said VARCHAR(30) NOT NULL)
"""

ROWS = {"Customers": CUSTOMERS, "Lines": LINES, "Codes": 12, "Remarks": 15}
REJECTED = {"Customers": 9, "Lines": 0, "Codes": 2, "Remarks": 2}
RANGE_SIZE = 25
RANGES = {"Customers": 5, "Lines": 4, "Codes": 1, "Remarks": 1}
CLAIMING = {"Customers", "Codes", "Remarks"}
"""Tables with a unique value, or with keys that may collide: their ranges are done twice."""


def fill(url: str) -> None:
    """Makes the tables in an empty database."""
    place = make_url(url)
    connection = pymysql.connect(
        host=place.host,
        port=place.port or 3306,
        user=place.username,
        password=place.password or "",
        database=place.database,
        sql_mode="ALLOW_INVALID_DATES",
    )
    with connection, connection.cursor() as cursor:
        for statement in _TABLES.split(";"):
            cursor.execute(statement)
        for table, rows in _rows().items():
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608
        connection.commit()


def _rows() -> dict[str, list[Row]]:
    twice = {3, 4, 6, 7}
    return {
        "customers": [_customer(number) for number in range(1, CUSTOMERS + 1)],
        "order_lines": [(n // 3, n % 3, f"sku-{n:05}") for n in range(LINES)],
        # The same numbers in other digits: one item.
        "codes": [*((str(n), "plain") for n in range(10)), ("07", "padded"), ("007", "padded")],
        "remarks": [(n // 3, "said twice" if n in twice else str(n)) for n in range(15)],
    }


def _customer(number: int) -> Row:
    """Every twentieth has the address of the one before; every thirtieth a date that is none."""
    owner = number - 1 if number % 20 == 0 else number
    return (
        number,
        None if number % 7 == 0 and number % 20 else f"c{owner}@example.com",
        f"Zoë {number} 🙂",
        "0000-00-00" if number % 30 == 1 else "2026-01-02",
        Decimal(10) ** 28 + number,
        bytes([number % 256, 0, 255]),
    )


def write_contract(folder: Path) -> Path:
    """The contract as a file."""
    path = folder / "warehouse.json"
    path.write_text(json.dumps({"tables": _CONTRACT}))
    return path


def _plain(type_: str, *columns: str) -> list[dict[str, object]]:
    return [{"name": column, "type": type_, "source_column": column} for column in columns]


_CONTRACT: list[dict[str, object]] = [
    {
        "table": "Customers",
        "type": "single-entity",
        "source_table": "customers",
        "pk": "id",
        "gsis": [{"index_name": "ByEmail", "pk": "email"}],
        "unique": ["email"],
        "attributes": [
            *_plain("N", "id", "credit"),
            *_plain("S", "email", "name", "joined"),
            *_plain("B", "picture"),
        ],
    },
    {
        "table": "Lines",
        "type": "single-entity",
        "source_table": "order_lines",
        "pk": "order_id",
        "sk": "line",
        "attributes": [*_plain("N", "order_id", "line"), *_plain("S", "sku")],
    },
    {
        "table": "Codes",
        "type": "single-entity",
        "source_table": "codes",
        "pk": "code",
        "attributes": [*_plain("N", "code"), *_plain("S", "meaning")],
    },
    {
        "table": "Remarks",
        "type": "single-entity",
        "source_table": "remarks",
        "pk": "about",
        "sk": "said",
        "attributes": [*_plain("N", "about"), *_plain("S", "said")],
    },
]
