"""A file of claims, for runs that write to no table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from typing_extensions import override

from application.batched import batched
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_store import WrittenClaims
from infrastructure.migration.claims.row_claim import RowClaim
from infrastructure.migration.disk import file_failures

_PATIENCE = 600.0
"""Seconds that a worker waits for another to have written: many may wait for one."""

_MAX_VALUES = 500
"""Values in one query. Source: SQLite, "Implementation limits": 999 in old versions."""


class ClaimFile(WrittenClaims):
    """Claims in a file of SQLite.

    The processes of one machine share it. What survives a crash is what `take` has returned for.
    Raises `FileFailed` where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with file_failures(path):
            self._database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS claims (pk TEXT PRIMARY KEY, owner TEXT NOT NULL, "
                "rank TEXT NOT NULL, source TEXT NOT NULL) WITHOUT ROWID"
            )

    @override
    def take(self, claims: Iterable[RowClaim]) -> None:
        with file_failures(self._path), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO claims VALUES (?, ?, ?, ?) ON CONFLICT (pk) DO UPDATE SET "
                "owner = excluded.owner, rank = excluded.rank, source = excluded.source "
                "WHERE excluded.rank <= claims.rank",
                [(each.key, each.owner, each.rank, each.source) for each in claims],
            )

    @override
    def holders(self, claims: Iterable[RowClaim]) -> dict[str, Item]:
        """See `WrittenClaims`."""
        found: dict[str, Item] = {}
        for part in batched([claim.key for claim in claims], _MAX_VALUES):
            places = ", ".join("?" * len(part))
            sql = f"SELECT * FROM claims WHERE pk IN ({places})"  # noqa: S608 only question marks
            with file_failures(self._path):
                rows = self._database.execute(sql, tuple(part)).fetchall()
            found |= {row[0]: _item(row) for row in rows}
        return found

    def items(self) -> Iterator[Item]:
        """All claims as items of the table of claims, in the order of their keys."""
        for row in self._database.execute("SELECT * FROM claims ORDER BY pk"):
            yield _item(row)

    def close(self) -> None:
        """Nothing is claimed any more."""
        self._database.close()


def _item(row: Sequence[str]) -> Item:
    names = ("pk", "owner", "rank", "source")
    return {name: {"S": text} for name, text in zip(names, row, strict=True)}
