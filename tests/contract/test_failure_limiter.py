"""What every adapter promises about attempts that failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infrastructure.memory.tables.failures import MemoryFailureTable
from infrastructure.metering import Usage
from infrastructure.system.failure_limiter import TableStorage, seconds_left, windows_in
from infrastructure.system.failure_windows import FailureTable, FailureWindow
from tests.contract.storing import HOSTILE_IDS
from tests.failures import LIMITS, WINDOW, add, fail, failure_table, limiter, wait_of, window
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

MINUTE = 60
HOUR = timedelta(hours=1)
OWNER, GUESSER, ANOTHER = "1.1.1.1", "6.6.6.6", "7.7.7.7"


@pytest.fixture
def table(store: Store) -> FailureTable:
    return failure_table(store)


class TestOneSource:
    def test_it_may_fail_so_often_at_an_account_and_then_waits_for_the_window_to_end(
        self, table: FailureTable
    ) -> None:
        now = limiter(table)
        waits = []
        for _ in range(4):
            waits.append(wait_of(now))
            fail(now, 1)

        assert waits == [None, None, None, 15 * MINUTE]
        assert wait_of(limiter(table, NOW + timedelta(minutes=14, seconds=59.5))) == 1
        assert wait_of(limiter(table, NOW + timedelta(minutes=15))) is None

    def test_the_window_begins_with_the_first_failure(self, table: FailureTable) -> None:
        fail(limiter(table), 1)
        fail(limiter(table, NOW + timedelta(minutes=10)), 2)

        assert wait_of(limiter(table, NOW + timedelta(minutes=10))) == 5 * MINUTE

    def test_the_next_window_counts_anew(self, table: FailureTable) -> None:
        fail(limiter(table), 3)
        later = NOW + timedelta(minutes=20)
        fail(limiter(table, later), 2)

        assert wait_of(limiter(table, later)) is None
        fail(limiter(table, later), 1)
        assert wait_of(limiter(table, later)) == 15 * MINUTE

    def test_it_may_still_try_another_account(self, table: FailureTable) -> None:
        now = limiter(table)
        fail(now, 3)

        assert wait_of(now, "grace") is None

    def test_it_may_fail_only_so_often_at_all_accounts_together(self, table: FailureTable) -> None:
        now = limiter(table)
        for account in ("ada", "grace", "joan", "mary", "edith", "ida", "kathleen", "betty"):
            assert wait_of(now, account) is None
            fail(now, 1, account)

        assert wait_of(now, "somebody else") == 60 * MINUTE
        assert wait_of(now, "somebody else", ANOTHER) is None

    def test_looking_counts_nothing(self, table: FailureTable) -> None:
        now = limiter(table)
        fail(now, 2)

        assert [wait_of(now) for _ in range(10)] == [None] * 10

    def test_every_process_sees_the_failures_of_the_others(self, table: FailureTable) -> None:
        for _ in range(3):
            fail(limiter(table), 1)

        assert wait_of(limiter(table)) == 15 * MINUTE


class TestManySources:
    def test_the_owner_gets_in_while_others_guess(self, table: FailureTable) -> None:
        now = limiter(table)
        for guesser in (GUESSER, ANOTHER):
            fail(now, 3, source=guesser)

        assert wait_of(now, source=GUESSER) == 15 * MINUTE
        assert wait_of(now, source=OWNER) is None

    def test_who_fails_while_others_guess_waits_for_a_minute_at_most(
        self, table: FailureTable
    ) -> None:
        now = limiter(table)
        fail(now, 3, source=GUESSER)
        fail(now, 1, source=OWNER)

        assert wait_of(now, source=OWNER) == MINUTE
        assert wait_of(limiter(table, NOW + timedelta(minutes=1)), source=OWNER) is None

    def test_accounts_and_sources_are_told_apart(self, table: FailureTable) -> None:
        now = limiter(table)
        fail(now, 3, "ada", "grace")

        assert wait_of(now, "grace", "ada") is None
        assert wait_of(now, "ada", "ada") is None
        assert wait_of(now, "grace", "grace") is None

    def test_every_text_can_be_counted(self, table: FailureTable) -> None:
        now = limiter(table)
        for text in HOSTILE_IDS.values():
            fail(now, 3, text, text)

            assert wait_of(now, text, text) == 15 * MINUTE
            assert wait_of(now, text, OWNER) is None


class TestTable:
    """Windows of one key."""

    def test_counting_tells_how_many_there_are(self, table: FailureTable) -> None:
        until = NOW + WINDOW

        assert window(table, NOW) is None
        assert [add(table, NOW, amount=amount) for amount in (1, 1, 5)] == [1, 2, 7]
        assert window(table, NOW) == FailureWindow(7, until)
        assert window(table, NOW, "another") is None

    def test_a_window_keeps_its_end(self, table: FailureTable) -> None:
        add(table, NOW)
        add(table, NOW + timedelta(seconds=29))

        assert window(table, NOW) == FailureWindow(2, NOW + WINDOW)

    def test_a_window_that_has_ended_is_replaced(self, table: FailureTable) -> None:
        until = NOW + WINDOW
        add(table, NOW, amount=3)

        assert window(table, until) is None
        assert add(table, until) == 1
        assert window(table, until) == FailureWindow(1, until + WINDOW)

    def test_a_window_may_be_as_long_as_the_longest(self, table: FailureTable) -> None:
        counted = [table.add("key", 1, now=NOW, latest=NOW + HOUR, until=NOW + HOUR) for _ in "ab"]

        assert counted == [1, 2]
        assert window(table, NOW) == FailureWindow(2, NOW + HOUR)

    def test_a_window_that_a_clock_far_ahead_has_begun_is_replaced(
        self, table: FailureTable
    ) -> None:
        add(table, NOW + 3 * HOUR, amount=3)

        assert window(table, NOW) is None
        assert add(table, NOW) == 1
        assert window(table, NOW) == FailureWindow(1, NOW + WINDOW)


def test_who_waits_for_a_window_that_has_just_ended_waits_for_a_second(
    table: FailureTable,
) -> None:
    clock, limit = FakeClock(NOW), LIMITS.per_source
    windows = windows_in(table, clock, [limit])

    assert seconds_left(windows, clock, limit, "1.1.1.1") == 1


def test_windows_cannot_be_ended() -> None:
    storage = TableStorage(MemoryFailureTable(), FakeClock(NOW), HOUR)

    assert storage.check()
    with pytest.raises(NotImplementedError, match="end by themselves"):
        storage.reset()
    with pytest.raises(NotImplementedError, match="end by themselves"):
        storage.clear("key")


def test_a_clock_far_ahead_keeps_nobody_out(table: FailureTable) -> None:
    fail(limiter(table, NOW + 3 * HOUR), 3)
    assert wait_of(limiter(table, NOW + 3 * HOUR)) == 15 * MINUTE

    assert wait_of(limiter(table)) is None


@pytest.mark.engine
def test_what_looking_and_counting_cost(ministack_store: Store) -> None:
    now = limiter(failure_table(ministack_store))
    measure = ministack_store.meter.measure
    with measure() as first_look:
        wait_of(now)
    with measure() as first_failure:
        fail(now, 1)
    with measure() as next_look:
        wait_of(now)
    with measure() as next_failure:
        fail(now, 1)

    assert (first_look, first_failure) == (Usage(2, 2, 0), Usage(3, 0, 3))
    assert (next_look, next_failure) == (Usage(4, 4, 0), Usage(3, 0, 3))
