"""Locks of single keys in the source, which its server keeps for one session."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256

from attrs import frozen
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from infrastructure.dynamodb.items import Item, key_text
from infrastructure.migration.phases.journal import LEASE, PATIENCE
from infrastructure.migration.phases.journal_entry import KeyBusy, place_text

_GET = text("SELECT GET_LOCK(:name, :seconds)")
_RELEASE = text("DO RELEASE_LOCK(:name)")


@frozen
class SourceLocks:
    """Sessions that write to the source, each while it has the lock of a key.

    `engine` is for them alone: they hold a connection while another one reads. What a session
    leaves open is rolled back by the server, and its lock given back, one lease after it stalled.
    """

    _engine: Engine
    _patience: float = PATIENCE

    @contextmanager
    def locked(self, table: str, key: Item) -> Iterator[Connection]:
        """A session that has the lock of a key, without a transaction. Raises `KeyBusy`."""
        with self._engine.connect() as connection:
            name = _name(str(self._engine.url.database), place_text(table, key))
            wanted = {"name": name, "seconds": math.ceil(self._patience)}
            if connection.execute(_GET, wanted).scalar() != 1:
                raise KeyBusy(table, key_text(key))
            connection.commit()
            try:
                yield connection
            finally:
                _release(connection, name)


def source_locks(
    engine: Engine, lease: timedelta = LEASE, patience: float = PATIENCE
) -> SourceLocks:
    """Locks in the sessions of an engine that nothing else uses."""
    seconds = max(1, math.ceil(lease.total_seconds()))

    def bound(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(
            f"SET SESSION wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}"
        )
        cursor.close()

    event.listen(engine, "connect", bound)
    return SourceLocks(engine, patience)


def _release(connection: Connection, name: str) -> None:
    if connection.closed or connection.invalidated:
        return  # the server has released it together with the session
    try:
        connection.rollback()
        connection.execute(_RELEASE, {"name": name})
        connection.commit()
    except SQLAlchemyError:
        connection.invalidate()  # which ends the session, and so the lock


def _name(database: str, place: str) -> str:
    """At most 64 characters, which is what MySQL takes."""
    return f"dynastrata-{sha256(f'{database}#{place}'.encode()).hexdigest()[:40]}"
