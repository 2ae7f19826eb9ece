"""Keeping passwords from being guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from application.ports.failure_limiter import FailureLimiter
from application.users.errors import SignInFailed
from domain.users.values import Email


@contextmanager
def guessing_slowed(limiter: FailureLimiter, email: Email, source: str) -> Iterator[None]:
    """Surrounds what compares a password, and counts each `SignInFailed` that it raises.

    Raises `TooManyFailures` before anything is compared, and `StorageError` where failures can be
    neither read nor counted: who cannot be limited does not sign in.
    """
    limiter.check(email.value, source)
    try:
        yield
    except SignInFailed:
        limiter.count(email.value, source)
        raise
