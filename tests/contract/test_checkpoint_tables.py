"""What every adapter promises about leases and checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.subscriptions.leases import CheckpointTable
from tests.stores import Store
from tests.subscription.subscribing import subscribing

NOW = datetime(2046, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
NAME = "events#mailer"


@pytest.fixture
def table(store: Store) -> CheckpointTable:
    return subscribing(store).checkpoints.table


def token(table: CheckpointTable, owner: str, now: datetime = NOW) -> int | None:
    """The token of the lease, if the owner gets it for half a minute."""
    grant = table.take(NAME, owner, now, now + timedelta(seconds=30))
    return None if grant is None else grant.token


def checkpoint(table: CheckpointTable) -> dict[str, str] | None:
    """What is stored, as whoever comes long after finds it."""
    grant = table.take(NAME, "anyone", NOW + timedelta(days=1), NOW + timedelta(days=1))
    assert grant is not None
    return None if grant.checkpoint is None else dict(grant.checkpoint)


def test_lease_goes_to_one_owner_until_it_ends(table: CheckpointTable) -> None:
    assert token(table, "a") == 1
    assert token(table, "b", LATER - timedelta(milliseconds=1)) is None
    assert token(table, "b", LATER) == 2


def test_owner_may_take_its_own_lease_again_for_longer(table: CheckpointTable) -> None:
    assert token(table, "a") == 1
    assert token(table, "a", NOW + timedelta(milliseconds=1)) == 2


def test_taking_it_twice_until_the_same_time_is_one_grant(table: CheckpointTable) -> None:
    """As a request does whose answer was lost, or that comes late as well."""
    assert token(table, "a") == 1
    assert token(table, "a") == 1
    assert table.store(NAME, 1, 1, {"position": "7"}, now=NOW, until=LATER)


def test_request_that_comes_late_does_not_end_a_grant_under_which_something_was_stored(
    table: CheckpointTable,
) -> None:
    assert token(table, "a") == 1
    longer = LATER + timedelta(milliseconds=1)
    assert table.store(NAME, 1, 1, {"position": "7"}, now=NOW, until=longer)

    assert token(table, "a") is None
    assert table.store(NAME, 1, 2, {"position": "8"}, now=NOW, until=longer)


def test_lease_that_is_given_back_is_free_at_once(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    assert table.store(NAME, 1, 1, {"position": "7"}, now=NOW, until=None)
    assert token(table, "b") == 2


def test_taking_the_lease_tells_the_checkpoint(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    assert table.store(NAME, 1, 1, {"position": "7", "note:Order:1": "1:2:3"}, now=NOW, until=LATER)

    grant = table.take(NAME, "b", LATER, LATER)

    assert grant is not None
    assert grant.checkpoint == {"position": "7", "note:Order:1": "1:2:3"}


def test_storing_renews_the_lease(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    table.store(NAME, 1, 1, None, now=NOW, until=LATER + timedelta(seconds=30))

    assert token(table, "b", LATER) is None


def test_storing_no_checkpoint_leaves_the_one_that_is_there(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    table.store(NAME, 1, 1, {"position": "7"}, now=NOW, until=LATER)

    assert table.store(NAME, 1, 2, None, now=NOW, until=None)
    assert checkpoint(table) == {"position": "7"}


def test_stale_owner_stores_nothing(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    table.take(NAME, "b", LATER, LATER + timedelta(seconds=30))
    assert table.store(NAME, 2, 1, {"position": "9"}, now=NOW, until=LATER)

    assert not table.store(NAME, 1, 99, {"position": "7"}, now=NOW, until=LATER)
    assert not table.store(NAME, 1, 99, {"position": "7"}, now=NOW, until=None)
    assert checkpoint(table) == {"position": "9"}


def test_request_that_was_delayed_does_not_move_the_checkpoint_back(
    table: CheckpointTable,
) -> None:
    table.take(NAME, "a", NOW, LATER)
    assert table.store(NAME, 1, 2, {"position": "9"}, now=NOW, until=LATER)

    assert not table.store(NAME, 1, 1, {"position": "7"}, now=NOW, until=LATER)
    assert checkpoint(table) == {"position": "9"}


def test_request_that_is_sent_again_is_stored_again(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    assert table.store(NAME, 1, 1, {"position": "9"}, now=NOW, until=LATER)
    assert table.store(NAME, 1, 1, {"position": "9"}, now=NOW, until=LATER)


def test_nothing_is_stored_without_a_lease(table: CheckpointTable) -> None:
    assert not table.store(NAME, 1, 1, {"position": "9"}, now=NOW, until=LATER)
    assert checkpoint(table) is None


def test_subscriptions_do_not_share_leases(table: CheckpointTable) -> None:
    assert token(table, "a") == 1
    assert table.take("events#other", "b", NOW, LATER) is not None


AHEAD = NOW + timedelta(hours=3)


def test_lease_of_a_clock_that_is_hours_ahead_is_void(table: CheckpointTable) -> None:
    table.take(NAME, "a", AHEAD, AHEAD + timedelta(seconds=12))

    assert token(table, "b") == 2
    assert not table.store(NAME, 1, 1, {"position": "7"}, now=AHEAD, until=None)


def test_lease_that_was_renewed_by_a_clock_that_is_hours_ahead_is_void(
    table: CheckpointTable,
) -> None:
    table.take(NAME, "a", NOW, LATER)
    table.store(NAME, 1, 1, {"position": "7"}, now=AHEAD, until=AHEAD + timedelta(seconds=12))

    grant = table.take(NAME, "b", NOW, LATER)

    assert grant is not None
    assert (grant.token, grant.checkpoint) == (2, {"position": "7"})


def test_lease_is_good_however_long_it_is(table: CheckpointTable) -> None:
    """Whoever leases for hours is respected by whoever leases for half a minute."""
    table.take(NAME, "a", NOW, AHEAD)

    assert token(table, "b") is None
    assert token(table, "b", AHEAD) == 2


def test_lease_of_a_clock_that_is_a_little_ahead_is_good(table: CheckpointTable) -> None:
    ahead = NOW + MAX_CLOCK_DIFFERENCE
    table.take(NAME, "a", ahead, ahead + timedelta(seconds=12))

    assert token(table, "b") is None
    assert token(table, "b", NOW - timedelta(milliseconds=1)) == 2


def test_lease_that_follows_a_void_one_is_good(table: CheckpointTable) -> None:
    table.take(NAME, "a", AHEAD, AHEAD + timedelta(seconds=12))

    assert token(table, "b") == 2
    assert token(table, "c") is None
