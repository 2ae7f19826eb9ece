"""What a refused condition means for aggregates and for claims, and what an item proves."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from domain.errors import ConcurrencyConflict, Conflict
from infrastructure.aggregates import Unique
from infrastructure.dynamodb.actions import Verdict
from infrastructure.dynamodb.items import Item

COMMITS = "commits"
"""Attribute with the ids of the last commits of an item, newest first. Stored."""

VERSION = "version"
"""Attribute with the number of commits of an aggregate. Stored."""


@frozen
class VersionOwner:
    """Owns the condition that an aggregate is at its expected version (0: not there).

    Every commit adds one to the version, so the k-th of the recent commit ids made the version
    k below the present one.
    """

    aggregate_type: str
    aggregate_id: str
    expected: int
    removes: bool = False

    def error(self, old: Item | None) -> Conflict | None:
        """`ConcurrencyConflict` unless the item is as expected."""
        actual = None if old is None else _version(old)
        if (actual or 0) == self.expected:
            return None
        return ConcurrencyConflict(self.aggregate_type, self.aggregate_id, self.expected, actual)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by who made the version that this commit would have made."""
        if old is None:
            return Verdict.UNKNOWN
        commits = [commit["S"] for commit in old[COMMITS]["L"]]
        since = _version(old) - (self.expected + 1)
        if self.removes or since < 0:
            return Verdict.REFUSED
        if since >= len(commits):
            return Verdict.UNKNOWN
        return Verdict.APPLIED if commits[since] == commit_id else Verdict.REFUSED


@frozen
class ClaimOwner:
    """Owns the condition that nobody holds a unique value."""

    unique: Unique[Any]
    value: str

    def error(self, old: Item | None) -> Conflict | None:
        """The error for a value that is taken."""
        return None if old is None else self.unique.taken(self.value)

    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """A claim made by this commit proves it; another's may have come after ours was freed."""
        if old is not None and old[COMMITS]["L"][0]["S"] == commit_id:
            return Verdict.APPLIED
        return Verdict.UNKNOWN


def _version(item: Item) -> int:
    return int(item[VERSION]["N"])
