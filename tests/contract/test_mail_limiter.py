"""What every adapter promises about mail that is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.ports.mail_limiter import MailLimiter, TooMuchMail
from infrastructure.system.failure_windows import FailureTable
from tests.failures import fail, failure_table, limiter, mail_limiter
from tests.stores import Store
from tests.times import NOW

ADA, GRACE = "ada@example.com", "grace@example.com"
HERE, THERE = "1.1.1.1", "6.6.6.6"


@pytest.fixture
def table(store: Store) -> FailureTable:
    return failure_table(store)


def wait_of(limiter: MailLimiter, address: str = ADA, source: str = HERE) -> int | None:
    """The seconds for which no mail may be asked for; None where this one may."""
    try:
        limiter.count(address, source)
    except TooMuchMail as refused:
        return refused.retry_after
    return None


def test_an_address_gets_so_many_mails_in_a_window_whoever_asks(table: FailureTable) -> None:
    now = mail_limiter(table)

    waits = [wait_of(now, source=source) for source in (HERE, THERE, HERE, THERE, "7.7.7.7")]

    assert waits == [None, None, None, 900, 900]
    assert wait_of(now, GRACE) is None
    later = mail_limiter(table, NOW + timedelta(minutes=15))
    assert wait_of(later) is None


def test_a_source_asks_for_so_many_mails_in_a_window_whatever_the_address(
    table: FailureTable,
) -> None:
    now = mail_limiter(table)

    waits = [wait_of(now, f"user{number}@example.com") for number in range(9)]

    assert waits == [None] * 8 + [3600]
    assert wait_of(now, ADA, THERE) is None


def test_what_a_source_may_not_ask_for_uses_up_nothing_of_an_address(table: FailureTable) -> None:
    now = mail_limiter(table)
    for number in range(8):
        wait_of(now, f"user{number}@example.com")

    refused = [wait_of(now) for _ in range(3)]

    assert refused == [3600] * 3
    assert [wait_of(now, ADA, THERE) for _ in range(3)] == [None] * 3


def test_mail_and_failed_sign_ins_are_counted_apart(table: FailureTable) -> None:
    fail(limiter(table), 8, ADA, HERE)

    assert wait_of(mail_limiter(table)) is None
