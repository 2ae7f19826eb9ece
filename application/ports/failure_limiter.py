"""Slowing down who fails again and again, such as whoever guesses passwords."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class TooManyFailures(DynastrataError):
    """Too many attempts have failed: none is looked at for so many seconds.

    Says neither which limit was reached nor whether there is such an account.
    """

    retry_after: int

    def __str__(self) -> str:
        return f"too many attempts have failed; try again in {self.retry_after} seconds"


class FailureLimiter(Protocol):
    """Counts attempts that failed, and refuses more of them for a while.

    `account` is what the attempt is about, whether it exists or not; `source` is where it comes
    from. Both methods raise `StorageError`, which is never `maybe_applied`: counting one failure
    twice does no harm.
    """

    def check(self, account: str, source: str) -> None:
        """Raises `TooManyFailures` where an attempt must not be made now. Counts nothing.

        An account does not become closed to a source that has not failed at it.
        """
        ...

    def count(self, account: str, source: str) -> None:
        """Counts one failed attempt. Many at once are all counted."""
        ...
