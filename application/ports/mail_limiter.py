"""Bounding how much mail is asked for, which anybody can."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class TooMuchMail(DynastrataError):
    """So much mail was asked for that no more is for so many seconds.

    Says neither which limit was reached nor whether anybody has the address.
    """

    retry_after: int

    def __str__(self) -> str:
        return f"too much mail was asked for; try again in {self.retry_after} seconds"


class MailLimiter(Protocol):
    """Counts mail that is asked for, by the address it goes to and by who asks."""

    def count(self, address: str, source: str) -> None:
        """Counts one request for a mail, whether it will be sent or not.

        Raises `TooMuchMail` where there were too many for this address, from anywhere, or from this
        source; and `StorageError`, which is never `maybe_applied`: counting one twice does no harm.
        """
        ...
