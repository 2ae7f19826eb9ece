"""Connections to the source, and the server that the tests have."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.schema import SourceColumn, SourceTable, read_schema
from tests.migration.mariadb import MariaDB


@pytest.fixture
def engine(mariadb: MariaDB) -> Iterator[Engine]:
    engine = connect(mariadb.new_database())
    yield engine
    engine.dispose()


@pytest.mark.engine
def test_a_session_reads_zero_dates_in_utc_and_repeatably(engine: Engine) -> None:
    with engine.connect() as connection:
        session = connection.execute(
            text("SELECT @@sql_mode, @@time_zone, @@tx_isolation, @@character_set_connection")
        ).one()
    assert tuple(session) == (
        "STRICT_TRANS_TABLES,ALLOW_INVALID_DATES",
        "+00:00",
        "REPEATABLE-READ",
        "utf8mb4",
    )


@pytest.mark.engine
def test_a_socket_does_as_well(mariadb: MariaDB) -> None:
    url = mariadb.new_database().replace(f"127.0.0.1:{mariadb.port}", "localhost")
    with connect(f"{url}?unix_socket={mariadb.socket}").connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


@pytest.mark.engine
@pytest.mark.parametrize(
    ("column_type", "value"),
    [
        ("DECIMAL(40, 10)", Decimal("0.0000000001")),
        ("DECIMAL(40, 10)", Decimal("12345678901234567890.0123456789")),
        ("TIME(6)", timedelta(hours=-800, minutes=-3, microseconds=-5)),
        ("TIME(6)", timedelta(hours=838, seconds=59)),
        ("VARBINARY(20)", b"\x00'\\\xff"),
        ("TEXT", "a'\\\"%s%%😀"),
    ],
)
def test_a_value_is_sent_as_exactly_as_it_is_read(
    engine: Engine, column_type: str, value: object
) -> None:
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TEMPORARY TABLE t (v {column_type})"))
        connection.execute(text("INSERT INTO t VALUES (:v)"), {"v": value})
        found = connection.execute(text("SELECT v FROM t WHERE v = :v"), {"v": value})
        assert found.scalars().all() == [value]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("shop", "not like mysql://"),
        ("postgresql://root@localhost/shop", "begins with postgresql://, not with mysql://"),
        ("mysql://root@localhost", "names no database"),
        ("mysql://root@localhost:port/shop", "not like mysql://"),
        ("mysql://root:a@b@localhost/shop", "'@' in its password is written as %40"),
        ("mysql://root@localhost/shop?passwd=x", "the option passwd, which is none of "),
    ],
)
def test_a_url_of_no_database_of_mysql_is_refused(url: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        connect(url)


@pytest.mark.parametrize("option", ["connect_timeout=0", "ssl_ca=no-such-file"])
def test_an_option_that_the_driver_refuses_is_an_error_of_the_connection(option: str) -> None:
    engine = connect(f"mysql://root@localhost/shop?{option}")
    with pytest.raises(DBAPIError):
        engine.connect()


@pytest.mark.engine
def test_the_schema_has_types_keys_and_unique_indexes_as_the_server_keeps_them(
    engine: Engine,
) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(
                "CREATE TABLE `Odd Name` (a INT UNSIGNED NOT NULL, `B b` DECIMAL(30,0) NOT NULL,"
                " kind ENUM('x','y,z'), note TEXT, PRIMARY KEY (`B b`, a), UNIQUE (kind, a),"
                " UNIQUE (note(10)), INDEX (kind))"
            )
        )
        connection.execute(text("CREATE VIEW v AS SELECT a FROM `Odd Name`"))
    tables = read_schema(engine).tables
    order = "utf8mb4_general_ci"
    assert tables["Odd Name"] == SourceTable(
        "Odd Name",
        (
            SourceColumn("a", "int(10) unsigned", nullable=False),
            SourceColumn("B b", "decimal(30,0)", nullable=False),
            SourceColumn("kind", "enum('x','y,z')", nullable=True, collation=order),
            SourceColumn("note", "text", nullable=True, collation=order),
        ),
        ("B b", "a"),
        (("kind", "a"),),
        frozenset(["B b", "kind", "note"]),
    )
    assert (set(tables), tables["v"].row_key) == ({"Odd Name", "v"}, ())
