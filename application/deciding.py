"""Load, decide, commit, and decide again when someone else came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from domain.aggregate import Aggregate
from domain.errors import ConcurrencyConflict

T = TypeVar("T")

DECISIONS = 10
"""How often a use case decides anew before it gives up. Each round someone else succeeded."""


def decide(
    attempt: Callable[[], T], *, expected_version: int | None = None, decisions: int = DECISIONS
) -> T:
    """The result of `attempt`, which loads, decides and commits in a unit of work of its own.

    A `ConcurrencyConflict` lets it run again on what is stored by then; the last one is raised.
    With an expected version the first one is: to decide anew is up to whoever named the version.
    """
    if expected_version is not None:
        return attempt()
    for _ in range(decisions - 1):
        try:
            return attempt()
        except ConcurrencyConflict:
            continue
    return attempt()


def require_version(aggregate_type: str, aggregate: Aggregate, expected: int | None) -> None:
    """Raises `ConcurrencyConflict` unless the aggregate is at this version (None: at any)."""
    if expected is not None and aggregate.version != expected:
        raise ConcurrencyConflict(aggregate_type, aggregate.id, expected, aggregate.version)
