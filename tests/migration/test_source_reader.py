"""What is read of a source row: every type exactly, and what joins and calculations give."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, event, text

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    AttributeType,
    Collection,
    Columns,
    Entity,
    Expression,
    Lookup,
    Source,
    Step,
)
from infrastructure.migration.rows import SourceRow, Unreadable, ZeroDate
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.failures import SourceFailed
from infrastructure.migration.source.reader import SourceReader
from infrastructure.migration.source.schema import read_schema
from tests.migration.mariadb import MariaDB

pytestmark = pytest.mark.engine

AMOUNT = Decimal("123456789012345678901234567890.0123456789")
TABLES = """
CREATE TABLE kinds (
  id INT PRIMARY KEY, dec30 DECIMAL(40, 10), big BIGINT UNSIGNED, small TINYINT(1), single FLOAT,
  double_ DOUBLE, bits BIT(9), members SET('x', 'y'), member ENUM('p', 'q'), length TIME(3),
  year_ YEAR, json_ JSON, bytes_ LONGBLOB, stamp TIMESTAMP NULL, at DATETIME(6), day DATE,
  word VARCHAR(90), empty_ TEXT
) CHARACTER SET utf8mb4;
INSERT INTO kinds VALUES
  (1, 123456789012345678901234567890.0123456789, 18446744073709551615, 1, 0.1, 0.1,
   b'101000001', 'x,y', 'q', '-01:02:03.5', 2020,
   '{"a": 1.50}', x'00ff27', '2020-06-01 12:00:00', '2020-01-02 03:04:05.000006', '2020-02-29',
   'Ünïcode 日本 😀 ''"%s', ''),
  (2, -0.0000000001, 0, 0, 16777216, -1e300, b'0', '', 'p', '838:59:59', 0, '[]', '',
   '0000-00-00 00:00:00', '0000-00-00 00:00:00', '2020-00-10', ' ', ' '),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL);
CREATE TABLE categories (id INT PRIMARY KEY, parent_id INT, name VARCHAR(90));
INSERT INTO categories VALUES (1, NULL, 'All'), (2, 1, 'Büro'), (3, 2, NULL), (4, 99, 'Lost');
CREATE TABLE variants (product INT, variant INT, name VARCHAR(90), PRIMARY KEY (product, variant));
INSERT INTO variants VALUES (1, 1, 'one'), (1, 2, 'two');
CREATE TABLE orders (
  id INT PRIMARY KEY, category_id INT, product INT, variant INT, code VARCHAR(9)
);
INSERT INTO orders VALUES (1, 3, 1, 2, 'x'), (2, 4, 1, 9, 'Büro'), (3, NULL, NULL, NULL, NULL);
CREATE TABLE lines_ (
  id INT PRIMARY KEY, order_id INT, amount DECIMAL(40, 10), note VARCHAR(90), at DATETIME(6)
);
INSERT INTO lines_ VALUES
  (1, 1, 123456789012345678901234567890.0123456789, '"é', '2020-01-02 03:04:05'),
  (2, 1, 1, NULL, '2020-01-02 03:04:05.5'),
  (3, 2, NULL, '', '0000-00-00 00:00:00');
CREATE TABLE names (name VARCHAR(90), code VARCHAR(9));
INSERT INTO names VALUES ('first', 'x'), ('second', 'x'), (NULL, NULL), (NULL, NULL);
CREATE TABLE scales (id INT PRIMARY KEY, single FLOAT, bits BIT(9), year_ YEAR);
INSERT INTO scales VALUES
  (1, 16777216, b'101000001', 0), (2, 3.1415927, b'1', 2020), (3, NULL, NULL, NULL);
"""


@pytest.fixture(scope="module")
def engine(mariadb: MariaDB) -> Iterator[Engine]:
    engine = connect(mariadb.new_database())
    with engine.begin() as connection:
        # As old databases came to hold them, in a zone of their own.
        connection.execute(text("SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+05:00'"))
        for statement in filter(None, map(str.strip, TABLES.split(";\n"))):
            connection.exec_driver_sql(statement.replace("%", "%%"), ())
        connection.execute(text("SET GLOBAL time_zone = '-09:00'"))
    engine.dispose()
    yield engine
    with engine.begin() as connection:
        connection.execute(text("SET GLOBAL time_zone = SYSTEM"))
    engine.dispose()


def rows(engine: Engine, table: str, source: Source, type_: AttributeType = "S") -> list[SourceRow]:
    entity = Entity("tables[0]", "e", table, (Attribute("tables[0].a", "a", type_, source),))
    return list(SourceReader(engine, read_schema(engine)).rows(entity))


def values(engine: Engine, table: str, source: Source) -> list[object]:
    return [row.values["a"] for row in rows(engine, table, source)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("dec30", [AMOUNT, Decimal("-1E-10"), None]),
        ("big", [2**64 - 1, 0, None]),
        ("small", [1, 0, None]),
        ("single", [0.1, 16777216.0, None]),
        ("double_", [0.1, -1e300, None]),
        ("bits", [b"\x01\x41", b"\x00\x00", None]),
        ("members", ["x,y", "", None]),
        ("member", ["q", "p", None]),
        (
            "length",
            [
                -timedelta(hours=1, minutes=2, seconds=3.5),
                timedelta(hours=838, minutes=59, seconds=59),
                None,
            ],
        ),
        ("year_", [2020, 0, None]),
        ("json_", ['{"a": 1.50}', "[]", None]),
        ("bytes_", [b"\x00\xff'", b"", None]),
        ("stamp", [datetime(2020, 6, 1, 7), "0000-00-00 00:00:00", None]),  # noqa: DTZ001 - as the driver has it
        ("at", [datetime(2020, 1, 2, 3, 4, 5, 6), "0000-00-00 00:00:00.000000", None]),  # noqa: DTZ001
        ("day", [date(2020, 2, 29), "2020-00-10", None]),
        ("word", ["Ünïcode 日本 😀 '\"%s", " ", None]),
        ("empty_", ["", " ", None]),
    ],
)
def test_each_type_is_read_exactly(engine: Engine, column: str, expected: list[object]) -> None:
    assert values(engine, "kinds", Columns((column,))) == expected


@pytest.mark.parametrize("column", ["stamp", "at", "day"])
def test_a_zero_date_is_told_apart_from_the_text_of_one(engine: Engine, column: str) -> None:
    found = values(engine, "kinds", Columns((column,)))[1]
    assert isinstance(found, ZeroDate)
    as_text = Expression(f"CONCAT({column})")
    assert not isinstance(values(engine, "kinds", as_text)[1], ZeroDate)


def test_several_columns_are_read_together(engine: Engine) -> None:
    assert values(engine, "kinds", Columns(("small", "member")))[0] == (1, "q")


SAME = "scales.id = orders.id"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Lookup((Step("scales", "scales", (SAME,), "single"),)), [16777216.0, 3.1415927, None]),
        (
            Lookup((Step("scales", "scales", (SAME,), "single"),), otherwise="-"),
            [16777216.0, 3.1415927, "-"],
        ),
        (Lookup((Step("scales", "scales", (SAME,), "bits"),)), [b"\x01\x41", b"\x00\x01", None]),
        (Aggregate("scales", SAME, "MAX", "single"), [16777216.0, 3.1415927, None]),
        (Aggregate("scales", SAME, "MAX", "bits"), [321, 1, None]),
        (
            Collection("scales", SAME, (("s", "single"), ("y", "year_")), is_list=False),
            [
                '[{"s": 16777216, "y": 0}]',
                '[{"s": 3.1415927410125732, "y": 2020}]',
                '[{"s": null, "y": null}]',
            ],
        ),
    ],
)
def test_what_is_found_elsewhere_has_all_that_its_column_holds(
    engine: Engine, source: Source, expected: list[object]
) -> None:
    assert values(engine, "orders", source) == expected


@pytest.mark.parametrize(
    "source",
    [
        Columns(("bits",)),
        Lookup((Step("scales", "other", ("other.id = scales.id",), "bits"),)),
        Expression("bits"),
    ],
)
def test_bits_are_read_as_a_number_where_one_is_wanted(engine: Engine, source: Source) -> None:
    assert [row.values["a"] for row in rows(engine, "scales", source, "N")] == [321, 1, None]


def test_what_is_chosen_has_all_that_its_column_holds(engine: Engine) -> None:
    chosen = Expression("CASE WHEN id > 0 THEN IFNULL(single, '-') ELSE 'none' END")
    assert values(engine, "scales", chosen) == ["16777216", "3.1415927410125732", "-"]


def category(**more: str) -> Lookup:
    parent = Step("categories", "parent", ("parent.id = categories.parent_id",), "parent.name")
    return Lookup((parent,), **more)


def test_a_self_join_finds_the_other_row_or_nothing(engine: Engine) -> None:
    assert values(engine, "categories", category()) == [None, "All", "Büro", None]
    assert values(engine, "categories", category(otherwise="ROOT")) == [
        "ROOT",
        "All",
        "Büro",
        "ROOT",
    ]


def test_where_a_condition_holds_nothing_found_is_nothing(engine: Engine) -> None:
    found = category(condition="parent_id IS NOT NULL", otherwise="ROOT")
    assert values(engine, "categories", found) == ["ROOT", "All", "Büro", None]


def test_a_table_joined_with_itself_needs_no_alias(engine: Engine) -> None:
    condition = "categories.parent_id = categories.id"
    children = Aggregate("categories", condition, "COUNT", "1")
    assert values(engine, "categories", children) == [1, 1, 0, 0]
    names = Collection("categories", condition, (("n", "name"),), is_list=False)
    assert values(engine, "categories", names) == ['[{"n": "Büro"}]', '[{"n": null}]', None, None]


def test_a_join_over_several_columns_finds_by_all_of_them(engine: Engine) -> None:
    conditions = ("variants.product = orders.product", "variants.variant = orders.variant")
    lookup = Lookup((Step("variants", "variants", conditions, "CONCAT(product, '-', name)"),))
    assert values(engine, "orders", lookup) == ["1-two", None, None]


def chain(separator: str | None) -> Lookup:
    first = Step(
        "categories", "categories", ("categories.id = orders.category_id",), "categories.id"
    )
    parent = Step("categories", "up", ("up.id = categories.parent_id",), "up.name")
    return Lookup((first, parent), separator)


def test_a_chain_ends_where_a_step_finds_nothing(engine: Engine) -> None:
    assert values(engine, "orders", chain(None)) == ["Büro", None, None]
    assert values(engine, "orders", chain(" > ")) == ["3 > Büro", "4", None]


def test_all_rows_that_a_join_finds_are_counted(engine: Engine) -> None:
    lookup = Lookup((Step("names", "names", ("names.code = orders.code",), "names.name"),))
    found = rows(engine, "orders", lookup)
    assert [row.matches for row in found] == [{"a": 2}, {"a": 0}, {"a": 0}]
    assert found[1].values == {"a": None}


def test_matches_do_not_count_where_the_condition_does_not_hold(engine: Engine) -> None:
    step = Step("names", "names", ("names.code = orders.code",), "names.name")
    found = rows(engine, "orders", Lookup((step,), condition="id > 1", otherwise="-"))
    assert [(row.values["a"], row.matches["a"]) for row in found] == [
        ("-", 0),
        (None, 0),
        (None, 0),
    ]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("SUM", [Decimal("123456789012345678901234567891.0123456789"), None, None]),
        ("COUNT", [2, 0, 0]),
        ("MIN", [Decimal(1), None, None]),
        ("MAX", [AMOUNT, None, None]),
    ],
)
def test_an_aggregate_is_exact(engine: Engine, operation: str, expected: list[object]) -> None:
    source = Aggregate("lines_", "lines_.order_id = orders.id", operation, "amount")  # type: ignore[arg-type] # a str of the parameters
    assert values(engine, "orders", source) == expected


def lines(*, is_list: bool = True) -> Collection:
    columns = (("amount", "amount"), ("n", "lines_.note"), ("at", "at"))
    condition = "lines_.order_id = orders.id"
    return Collection("lines_", condition, columns, is_list=is_list, order_by="amount, at DESC")


def test_a_list_has_exact_numbers_and_dates_as_attributes_have_them(engine: Engine) -> None:
    first, second, third = values(engine, "orders", lines())
    assert json.loads(str(first), parse_float=Decimal) == [
        {"amount": Decimal("1.0000000000"), "n": None, "at": "2020-01-02T03:04:05.500000"},
        {"amount": AMOUNT, "n": '"é', "at": "2020-01-02T03:04:05"},
    ]
    assert json.loads(str(second)) == [{"amount": None, "n": "", "at": "0000-00-00T00:00:00"}]
    assert third == "[]"


def test_one_map_is_the_first_of_the_list(engine: Engine) -> None:
    first, _, third = values(engine, "orders", lines(is_list=False))
    assert [each["amount"] for each in json.loads(str(first))] == [1]
    assert third is None


@pytest.mark.parametrize(("limit", "is_whole"), [(150, False), (1000, True)])
def test_a_list_that_the_server_cuts_off_is_told(
    mariadb: MariaDB, engine: Engine, limit: int, is_whole: bool
) -> None:
    short = connect(engine.url.render_as_string(hide_password=False))
    event.listen(short, "engine_connect", lambda connection: _limit(connection, limit))
    found = values(short, "orders", lines())
    short.dispose()
    assert [isinstance(each, Unreadable) for each in found] == [not is_whole, False, False]
    if not is_whole:
        assert found[0] == Unreadable(f"is a list of more than the {limit} bytes that are read")


def _limit(connection: Connection, limit: int) -> None:
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {limit}")


def test_expressions_are_over_the_row_with_percent_signs_as_they_are(engine: Engine) -> None:
    dated = Expression("CASE WHEN word LIKE '%nïc%' THEN DATE_FORMAT(at, '%Y/%m') END")
    assert values(engine, "kinds", dated) == ["2020/01", None, None]
    assert values(engine, "kinds", Expression("DATE_ADD(day, INTERVAL 1 DAY)"))[0] == date(
        2020, 3, 1
    )


def test_rows_of_a_table_without_a_key_are_told_by_their_columns(engine: Engine) -> None:
    reader = SourceReader(engine, read_schema(engine))
    entity = Entity("t", "e", "names", (Attribute("t.a", "a", "S", Columns(("name", "code"))),))
    assert len(reader.plan(entity, 1)) == 1
    found = list(reader.rows(entity))
    assert sorted(str(row.key) for row in found) == sorted(
        [
            "{'name': 'first', 'code': 'x'}",
            "{'name': 'second', 'code': 'x'}",
            *["{'name': None, 'code': None}"] * 2,
        ]
    )
    assert [reader.row(entity, row.key) for row in found] == found


def test_a_row_that_is_not_there_is_none(engine: Engine) -> None:
    reader = SourceReader(engine, read_schema(engine))
    entity = Entity("t", "e", "orders", (Attribute("t.a", "a", "S", Columns(("code",))),))
    assert reader.row(entity, {"id": 99}) is None


def test_a_reader_that_stops_leaves_a_connection_that_is_good_for_others(engine: Engine) -> None:
    reader = SourceReader(engine, read_schema(engine))
    entity = Entity("t", "e", "orders", (Attribute("t.a", "a", "S", Columns(("code",))),))
    reading = iter(reader.rows(entity))
    assert next(reading).values == {"a": "x"}
    reading.close()  # type: ignore[attr-defined] # it is a generator
    assert len(list(reader.rows(entity))) == 3


@pytest.fixture
def texts(mariadb: MariaDB) -> Iterator[Engine]:
    """Three texts, of which the second is as long as an answer of the server can be."""
    engine = connect(mariadb.new_database())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE texts (id INT PRIMARY KEY, body LONGTEXT)"))
        connection.execute(text("INSERT INTO texts VALUES (1, 'a'), (2, ''), (3, 'c')"))
        longest = "UPDATE texts SET body = REPEAT('b', @@max_allowed_packet - 100) WHERE id = 2"
        connection.execute(text(longest))
    yield engine
    engine.dispose()


_LONGER = "CONCAT(body, SPACE(200))"


@pytest.mark.parametrize(
    "source",
    [
        Expression(_LONGER),
        Collection("texts", "texts.id = texts.id", (("body", _LONGER),), is_list=True),
    ],
)
def test_a_value_that_is_too_long_for_the_server_is_told_with_its_row(
    texts: Engine, source: Source
) -> None:
    with pytest.raises(SourceFailed, match=r"^the source: texts id=2: .* larger than max_"):
        rows(texts, "texts", source)
    entity = Entity("tables[0]", "e", "texts", (Attribute("a", "a", "S", source),))
    reader = SourceReader(texts, read_schema(texts))
    with pytest.raises(SourceFailed, match="it would be missing"):
        reader.row(entity, {"id": 2})
