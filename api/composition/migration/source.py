"""From a URL to what the source is."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from infrastructure.migration.errors import SourceUnavailable
from infrastructure.migration.source.connection import connect
from infrastructure.migration.source.schema import SourceSchema, read_schema
from infrastructure.settings.checks import variable
from infrastructure.settings.settings import SettingsError


def read_source_schema(url: str) -> SourceSchema:
    """The schema of the source at this URL. Raises `SettingsError` and `SourceUnavailable`."""
    try:
        engine = connect(url)
    except ValueError as error:
        name = f"--source or {variable('migration_source')}"
        raise SettingsError(name, str(error)) from error
    try:
        return read_schema(engine)
    except DBAPIError as error:
        place = source_name(url)
        reason = str(error.orig.args[-1]) if error.orig and error.orig.args else "no answer"
        raise SourceUnavailable(place, reason) from error
    finally:
        engine.dispose()


def source_name(url: str) -> str:
    """The source for people and for checkpoints: its place, without password and options."""
    parts = make_url(url)
    place = {name: value for name, value in parts.query.items() if name == "unix_socket"}
    return URL.create(
        parts.drivername, parts.username, None, parts.host, parts.port, parts.database, place
    ).render_as_string()
