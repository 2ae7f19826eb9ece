"""Load, decide, commit, and decide again when someone else came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from domain.errors import ConcurrencyConflict

T = TypeVar("T")

DECISIONS = 10
"""How often a use case decides anew before it gives up. Each round someone else succeeded."""


def decide(attempt: Callable[[], T], decisions: int = DECISIONS) -> T:
    """The result of `attempt`, which loads, decides and commits in a unit of work of its own.

    A `ConcurrencyConflict` lets it run again on what is stored by then; the last one is raised.
    """
    for _ in range(decisions - 1):
        try:
            return attempt()
        except ConcurrencyConflict:
            continue
    return attempt()
