"""Failed attempts to test with."""

from __future__ import annotations

from datetime import datetime, timedelta

from limits import parse

from application.ports.failure_limiter import FailureLimiter, TooManyFailures
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.tables.failures import DynamoDBFailureTable
from infrastructure.memory.tables.failures import MemoryFailureTable
from infrastructure.system.failure_limiter import FailureLimits, WindowFailureLimiter
from infrastructure.system.failure_windows import FAILURES, FailureTable, FailureWindow
from infrastructure.system.mail_limiter import MailLimits, WindowMailLimiter
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

LIMITS = FailureLimits(
    per_account_and_source=parse("3 per 15 minutes"),
    per_source=parse("8 per hour"),
    per_account=parse("4 per minute"),
)


WINDOW = timedelta(seconds=30)
LONGEST = timedelta(hours=1)


def add(table: FailureTable, now: datetime, key: str = "key", amount: int = 1) -> int:
    """Counts in a window of thirty seconds, where none is longer than an hour."""
    return table.add(key, amount, now=now, latest=now + LONGEST, until=now + WINDOW)


def window(table: FailureTable, now: datetime, key: str = "key") -> FailureWindow | None:
    """The window that runs, where none is longer than an hour."""
    return table.window(key, now=now, latest=now + LONGEST)


def failure_table(store: Store) -> FailureTable:
    """The table of failures of a store; in memory one of its own."""
    if isinstance(store.provider, DynamoDBProvider):
        return DynamoDBFailureTable(store.gateway, store.table(FAILURES))
    return MemoryFailureTable()


def limiter(table: FailureTable | None = None, now: datetime = NOW) -> WindowFailureLimiter:
    """A limiter at a time that stands still."""
    return WindowFailureLimiter(table or MemoryFailureTable(), FakeClock(now), LIMITS)


def mail_limiter(table: FailureTable | None = None, now: datetime = NOW) -> WindowMailLimiter:
    """The same for mail: three to an address in a quarter of an hour, eight by a source."""
    limits = MailLimits(per_address=parse("3 per 15 minutes"), per_source=parse("8 per hour"))
    return WindowMailLimiter(table or MemoryFailureTable(), FakeClock(now), limits)


def fail(
    limiter: FailureLimiter, times: int, account: str = "ada", source: str = "1.1.1.1"
) -> None:
    """So many failed attempts."""
    for _ in range(times):
        limiter.count(account, source)


def wait_of(limiter: FailureLimiter, account: str = "ada", source: str = "1.1.1.1") -> int | None:
    """The seconds for which no attempt is looked at; None where one would be."""
    try:
        limiter.check(account, source)
    except TooManyFailures as refused:
        return refused.retry_after
    return None
