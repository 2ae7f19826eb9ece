"""Connections to the source, with a session in which every value is read as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.err import OperationalError
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from infrastructure.migration.rows import ZeroDate

_DRIVER = "mysql+pymysql"
_OPTIONS = (
    *("unix_socket", "charset", "connect_timeout", "read_timeout"),
    *("read_default_file", "read_default_group"),
    *("ssl_ca", "ssl_capath", "ssl_cert", "ssl_cipher", "ssl_key", "ssl_key_password"),
    *("ssl_check_hostname", "ssl_verify_cert", "ssl_verify_identity"),
)
_SCHEMES = ("mysql", "mariadb", _DRIVER, "mariadb+pymysql")

# Zero and impossible dates are values like others; what is too long for a column is an error.
# A list of a collection may be as long as an answer of the server can be. A reader that waits for
# the target keeps its answer for an hour. No warning of a value that was left out is missed.
_SESSION = (
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ALLOW_INVALID_DATES', time_zone = '+00:00', "
    "group_concat_max_len = @@max_allowed_packet, net_write_timeout = 3600, "
    "max_error_count = 65535"
)


def connect(url: str) -> Engine:
    """The source at `mysql://user:password@host:port/database`, or with `?unix_socket=…`.

    No connection is made before the first is asked for. Their sessions have time zone UTC, text of
    four bytes a character, repeatable reads, and take any date that is stored for a date.

    Raises:
        ValueError: the URL is none, is not one of MySQL or MariaDB, names no database, or has
            options that are not known.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError("the source's URL is not like mysql://user@host:3306/database") from error
    _check(parsed)
    engine = create_engine(
        parsed.set(drivername=_DRIVER),
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={"charset": "utf8mb4", "conv": _CONVERSIONS},
    )
    event.listen(engine, "do_connect", _begin_connection)
    event.listen(engine, "connect", _begin_session)
    return engine


def _check(parsed: URL) -> None:
    if parsed.drivername not in _SCHEMES:
        raise ValueError(f"the source's URL begins with {parsed.drivername}://, not with mysql://")
    if not parsed.database:
        raise ValueError("the source's URL names no database: mysql://user@host:3306/database")
    if "@" in (parsed.host or ""):  # the message must not show what stands there
        raise ValueError("the source's URL has two '@': one '@' in its password is written as %40")
    for option in parsed.query:
        if option not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise ValueError(f"the source's URL has the option {option}, which is none of {known}")


def _begin_connection(
    _dialect: Dialect, _record: ConnectionPoolEntry, arguments: Any, options: Any
) -> DBAPIConnection:
    """As without it, but for what the driver raises where an option is wrong."""
    try:
        connection: DBAPIConnection = pymysql.connect(*arguments, **options)
    except (OSError, ValueError) as error:
        raise OperationalError(str(error)) from error
    return connection


def _begin_session(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_SESSION)
    cursor.close()


def _decimal_text(value: Decimal, _: object = None) -> str:
    """Without an exponent: `1E-10` would be a float to the server."""
    return f"{value:f}"


def _time_text(value: timedelta, _: object = None) -> str:
    microseconds = abs(value) // timedelta(microseconds=1)
    seconds, fraction = divmod(microseconds, 1_000_000)
    sign = "-" if value < timedelta() else ""
    return f"'{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}'"


def _date_or_zero(kind: int) -> Callable[[str], object]:
    """The driver's own reading, which leaves the text of what is no date as it is."""
    convert: Callable[[str], object] = conversions[kind]

    def read(text: str) -> object:
        found = convert(text)
        return ZeroDate(found) if isinstance(found, str) else found

    return read


_CONVERSIONS: Mapping[object, object] = {
    **conversions,
    **{
        kind: _date_or_zero(kind)
        for kind in (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP)
    },
    Decimal: _decimal_text,
    timedelta: _time_text,
}
