"""Counting mail in windows of time, in the same table as failures."""

from __future__ import annotations

from attrs import astuple, frozen
from limits import RateLimitItem
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.mail_limiter import MailLimiter, TooMuchMail
from infrastructure.system.failure_limiter import seconds_left, windows_in
from infrastructure.system.failure_windows import FailureTable


@frozen(kw_only=True)
class MailLimits:
    """How many mails may be asked for in how long: to one address, and by one source."""

    per_address: RateLimitItem
    per_source: RateLimitItem


class WindowMailLimiter(MailLimiter):
    """Fixed windows, each from its first mail on. For any thread."""

    def __init__(self, table: FailureTable, clock: Clock, limits: MailLimits) -> None:
        self._windows = windows_in(table, clock, astuple(limits, recurse=False))
        self._clock = clock
        self._limits = limits

    @override
    def count(self, address: str, source: str) -> None:
        """See the port. Two writes, and for each window that begins one more.

        What a source asks for beyond its own limit uses up nothing of the address's.
        """
        self._count(self._limits.per_source, "mail by", source)
        self._count(self._limits.per_address, "mail to", address)

    def _count(self, limit: RateLimitItem, *counted_for: str) -> None:
        if not self._windows.hit(limit, *counted_for):
            raise TooMuchMail(seconds_left(self._windows, self._clock, limit, *counted_for))
