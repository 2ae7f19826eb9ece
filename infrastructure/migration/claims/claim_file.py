"""Where the claims of a migration are kept while it is under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from application.batched import batched
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_table import RowClaim
from infrastructure.migration.file_failures import file_failures
from infrastructure.migration.rows import RowRejected

_PATIENCE = 600.0
"""Seconds that a worker waits for another to have written: many may wait for one."""

_MAX_VALUES = 500
"""Values in one query. Source: SQLite, "Implementation limits": 999 in old versions."""


class ClaimStore(Protocol):
    """Claims of source rows on values that only one of them can have."""

    def take(self, claims: Iterable[RowClaim]) -> None:
        """Takes each claim, but for those that a lower rank holds.

        The result is the same in whatever order claims are taken, and however often.
        """
        ...

    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        """The claims that another holds. One that nobody holds is taken now."""
        ...


class FileClaimStore(ClaimStore):
    """Claims in a file of SQLite, for runs that write to no table: to files, or nowhere.

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
    def lost(self, claims: Sequence[RowClaim]) -> dict[RowClaim, RowRejected]:
        holders = self._holders([claim.key for claim in claims])
        missing = [claim for claim in claims if claim.key not in holders]
        if missing:
            self.take(missing)
            holders |= self._holders([claim.key for claim in missing])
        return {
            claim: claim.rejection(holders[claim.key])
            for claim in claims
            if not claim.is_held(holders[claim.key])
        }

    def items(self) -> Iterator[Item]:
        """All claims as items of the table of claims, in the order of their keys."""
        for row in self._database.execute("SELECT * FROM claims ORDER BY pk"):
            yield _item(row)

    def close(self) -> None:
        """Nothing is claimed any more."""
        self._database.close()

    def _holders(self, keys: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for part in batched(keys, _MAX_VALUES):
            places = ", ".join("?" * len(part))
            sql = f"SELECT * FROM claims WHERE pk IN ({places})"  # noqa: S608 only question marks
            with file_failures(self._path):
                rows = self._database.execute(sql, tuple(part)).fetchall()
            found |= {row[0]: _item(row) for row in rows}
        return found


def _item(row: Sequence[str]) -> Item:
    names = ("pk", "owner", "rank", "source")
    return {name: {"S": text} for name, text in zip(names, row, strict=True)}
