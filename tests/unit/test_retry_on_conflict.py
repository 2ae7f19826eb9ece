"""Deciding again, and when it is not ours to."""

from __future__ import annotations

import pytest

from application.retry_on_conflict import MAX_ATTEMPTS, retry_on_conflict
from domain.errors import ConcurrencyConflict


class Overtaken:
    """An attempt that somebody else is always ahead of."""

    def __init__(self) -> None:
        self.attempts = 0

    def __call__(self) -> None:
        self.attempts += 1
        raise ConcurrencyConflict("User", "ada", 1, 2)


def test_conflict_is_decided_anew_a_bounded_number_of_times() -> None:
    attempt = Overtaken()
    with pytest.raises(ConcurrencyConflict):
        retry_on_conflict(attempt)

    assert attempt.attempts == MAX_ATTEMPTS


def test_conflict_with_the_version_that_the_caller_named_is_not_decided_anew() -> None:
    attempt = Overtaken()
    with pytest.raises(ConcurrencyConflict):
        retry_on_conflict(attempt, expected_version=1)

    assert attempt.attempts == 1
