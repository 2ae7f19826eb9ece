"""Ranges cover each row exactly once, whatever the key is made of and whatever comes meanwhile."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import Engine, text

from infrastructure.migration.contract import Attribute, Columns, Entity
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.ranges import KeyRange, within
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import read_schema
from infrastructure.migration.tasks import KeyValues
from tests.migration.mariadb import MariaDB

ENTITY = Entity("tables[0]", "t", "t", (Attribute("", "number", "N", Columns(("number",))),))
ROWS = 31

WORDS = ["", "a", "A b", "ä", "Z", "ß", "ss", "日本", "😀", "😁", "_", "%", "\\", "'", "\u0130x"]
DAY = date(2020, 2, 28)

KEYS: dict[str, tuple[str, list[KeyValues]]] = {
    # The columns of the key, and its values.
    "numbers": ("a BIGINT", [(number * 2**58,) for number in range(-15, 16)]),
    "decimals": (
        "a DECIMAL(40, 10)",
        [(Decimal(f"1{0:027}.{number:010}"),) for number in range(ROWS)],
    ),
    "doubles": ("a DOUBLE", [(number / 7e5,) for number in range(ROWS)]),
    "text": (
        "a VARCHAR(30) COLLATE utf8mb4_bin",
        [(word + "x" * more,) for word in WORDS for more in (1, 2)],
    ),
    "text in upper and lower case, in another character set": (
        "a VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_german1_ci, b INT",
        [(word, number) for word in ("a", "B", "c", "É", "o'") for number in range(6)],
    ),
    "bytes": ("a BINARY(4)", [(bytes([number * 8, 0, 39, 255]),) for number in range(ROWS)]),
    "dates, zero too": (
        "a DATE, b TINYINT",
        [
            (day, number)
            for day in ("0000-00-00", "2020-00-10", *(DAY + timedelta(each) for each in range(4)))
            for number in range(5)
        ],
    ),
    "times of day": (
        "a DATETIME(6)",
        [(datetime(2020, 1, 1) + timedelta(microseconds=each),) for each in range(ROWS)],  # noqa: DTZ001 - as the driver has them
    ),
    "durations": ("a TIME(3)", [(timedelta(milliseconds=each * 777),) for each in range(-15, 16)]),
    "members": (
        "a ENUM('z', 'y', 'k', 'M'), b INT",
        [(member, number) for member in "zykM" for number in range(8)],
    ),
    "bits": ("a BIT(9)", [(number,) for number in range(0, 511, 17)]),
    "three columns": (
        "a INT, b CHAR(3), c DATE",
        [
            (number, letter, DAY + timedelta(days))
            for number in range(4)
            for letter in "abc"
            for days in range(3)
        ],
    ),
}


@pytest.fixture(params=KEYS)
def table(request: pytest.FixtureRequest, mariadb: MariaDB) -> Iterator[tuple[Engine, str]]:
    """A database with an empty table `t` whose key is of one of the kinds."""
    engine = connect(mariadb.new_database())
    columns = KEYS[request.param][0]
    key = re.findall(r"\b[abc]\b", columns)
    with engine.begin() as connection:
        connection.execute(
            text(f"CREATE TABLE t ({columns}, number INT, PRIMARY KEY ({', '.join(key)}))")
        )
    yield engine, request.param
    engine.dispose()


def insert(engine: Engine, rows: list[tuple[int, KeyValues]]) -> None:
    with engine.begin() as connection:
        for number, key in rows:
            marks = ", ".join(["%s"] * (len(key) + 1))
            connection.exec_driver_sql(f"INSERT INTO t VALUES ({marks})", (*key, number))  # noqa: S608


@pytest.mark.engine
def test_each_row_is_in_exactly_one_range_also_one_that_comes_later(
    table: tuple[Engine, str],
) -> None:
    engine, kind = table
    rows = list(enumerate(KEYS[kind][1]))
    Random(12).shuffle(rows)
    half = len(rows) // 2
    insert(engine, rows[:half])
    reader = SourceReader(engine, read_schema(engine))
    plans = [reader.plan(ENTITY, size) for size in (1, 4, half - 1, half, half + 1)]
    assert [len(each) for each in plans] == [half + 1, half // 4 + 1, 2, 2, 1]
    insert(engine, rows[half:])
    for plan in plans:
        assert read(reader, plan) == Counter({number: 1 for number, _ in rows})


def read(reader: SourceReader, plan: tuple[KeyRange, ...]) -> Counter[object]:
    return Counter(
        row.values["number"]
        for bounds in plan
        for row in reader.rows(ENTITY, bounds.after, bounds.up_to)
    )


@pytest.mark.engine
def test_rows_come_in_the_order_of_the_key_and_can_be_read_again_by_it(
    table: tuple[Engine, str],
) -> None:
    engine, kind = table
    insert(engine, list(enumerate(KEYS[kind][1])))
    reader = SourceReader(engine, read_schema(engine))
    rows = list(reader.rows(ENTITY))
    assert [reader.row(ENTITY, each.key) for each in rows] == rows
    third = tuple(rows[2].key.values())
    assert list(reader.rows(ENTITY, None, third)) == rows[:3]
    assert list(reader.rows(ENTITY, third)) == rows[3:]


def test_a_range_of_a_composite_key_is_bounded_by_the_first_column_too() -> None:
    condition = within(("a", "b"), KeyRange((1, 2), (3, 4)))
    assert condition.sql == (
        "a >= %s AND ((a > %s) OR (a = %s AND b > %s))"
        " AND a <= %s AND ((a < %s) OR (a = %s AND b <= %s))"
    )
    assert condition.parameters == (1, 1, 1, 2, 3, 3, 3, 4)
