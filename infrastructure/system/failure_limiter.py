"""Counting failures in windows of time, as `limits` does it, in a table of either provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil

from attrs import astuple, frozen
from limits import RateLimitItem
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from typing_extensions import override

from application.errors import StorageError
from application.ports.clock import Clock
from application.ports.failure_limiter import FailureLimiter, TooManyFailures
from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.system.failure_windows import FailureTable, FailureWindow


@frozen(kw_only=True)
class FailureLimits:
    """How many may fail in how long: by one source at one account, by one source, at one account.

    The last one holds only for sources that have failed at the account themselves.
    """

    per_account_and_source: RateLimitItem
    per_source: RateLimitItem
    per_account: RateLimitItem


class WindowFailureLimiter(FailureLimiter):
    """Fixed windows, each from its first failure on. For any thread."""

    def __init__(self, table: FailureTable, clock: Clock, limits: FailureLimits) -> None:
        self._windows = windows_in(table, clock, astuple(limits, recurse=False))
        self._clock = clock
        self._limits = limits

    @override
    def check(self, account: str, source: str) -> None:
        """See the port. Two reads, and two more where the source has failed at the account."""
        limits = self._limits
        self._check(limits.per_source, "source", source)
        both = limits.per_account_and_source
        if self._windows.test(both, "both", account, source, cost=both.amount):
            return  # no failure of this source yet: those of others do not close the account to it
        self._check(both, "both", account, source)
        self._check(limits.per_account, "account", account)

    @override
    def count(self, account: str, source: str) -> None:
        """See the port. Three writes, and for each window that begins one more."""
        self._windows.hit(self._limits.per_account_and_source, "both", account, source)
        self._windows.hit(self._limits.per_source, "source", source)
        self._windows.hit(self._limits.per_account, "account", account)

    def _check(self, limit: RateLimitItem, *counted_for: str) -> None:
        if not self._windows.test(limit, *counted_for):
            raise TooManyFailures(seconds_left(self._windows, self._clock, limit, *counted_for))


def windows_in(
    table: FailureTable, clock: Clock, limits: Sequence[RateLimitItem]
) -> FixedWindowRateLimiter:
    """Windows for these limits."""
    longest = timedelta(seconds=max(limit.get_expiry() for limit in limits))
    return FixedWindowRateLimiter(TableStorage(table, clock, longest + MAX_CLOCK_DIFFERENCE))


def seconds_left(
    windows: FixedWindowRateLimiter, clock: Clock, limit: RateLimitItem, *counted_for: str
) -> int:
    """How long a window still runs, at least a second. Two reads."""
    ends = windows.get_window_stats(limit, *counted_for).reset_time
    return max(1, ceil(ends - clock.now().timestamp()))


class TableStorage(Storage):
    """A table as `limits` uses it. Keys are digests: addresses of people are not stored.

    No window ends later than after `longest`.
    """

    def __init__(self, table: FailureTable, clock: Clock, longest: timedelta) -> None:
        super().__init__()
        self._table = table
        self._clock = clock
        self._longest = longest

    @property
    @override
    def base_exceptions(self) -> type[Exception]:
        return StorageError

    @override
    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self._now()
        return self._table.add(
            _digest(key),
            amount,
            now=now,
            latest=now + self._longest,
            until=now + timedelta(seconds=expiry),
        )

    @override
    def get(self, key: str) -> int:
        window = self._window(key, self._now())
        return 0 if window is None else window.failures

    @override
    def get_expiry(self, key: str) -> float:
        now = self._now()
        window = self._window(key, now)
        return (now if window is None else window.until).timestamp()

    @override
    def check(self) -> bool:
        return True

    @override
    def reset(self) -> int | None:
        raise NotImplementedError("windows end by themselves")

    @override
    def clear(self, key: str) -> None:
        raise NotImplementedError("windows end by themselves")

    def _window(self, key: str, now: datetime) -> FailureWindow | None:
        return self._table.window(_digest(key), now=now, latest=now + self._longest)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC).replace(microsecond=0)


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
