"""What every adapter promises about leases and checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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


def test_owner_may_take_its_own_lease_again(table: CheckpointTable) -> None:
    assert token(table, "a") == 1
    assert token(table, "a") == 2


def test_lease_that_is_given_back_is_free_at_once(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    assert table.store(NAME, 1, 1, {"position": "7"}, None)
    assert token(table, "b") == 2


def test_taking_the_lease_tells_the_checkpoint(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    assert table.store(NAME, 1, 1, {"position": "7", "note:Order:1": "1:2:3"}, LATER)

    grant = table.take(NAME, "b", LATER, LATER)

    assert grant is not None
    assert grant.checkpoint == {"position": "7", "note:Order:1": "1:2:3"}


def test_storing_renews_the_lease(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    table.store(NAME, 1, 1, None, LATER + timedelta(seconds=30))

    assert token(table, "b", LATER) is None


def test_storing_no_checkpoint_leaves_the_one_that_is_there(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    table.store(NAME, 1, 1, {"position": "7"}, LATER)

    assert table.store(NAME, 1, 2, None, None)
    assert checkpoint(table) == {"position": "7"}


def test_stale_owner_stores_nothing(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)
    table.take(NAME, "b", LATER, LATER + timedelta(seconds=30))
    assert table.store(NAME, 2, 1, {"position": "9"}, LATER)

    assert not table.store(NAME, 1, 99, {"position": "7"}, LATER)
    assert not table.store(NAME, 1, 99, {"position": "7"}, None)
    assert checkpoint(table) == {"position": "9"}


def test_request_that_was_delayed_does_not_move_the_checkpoint_back(
    table: CheckpointTable,
) -> None:
    table.take(NAME, "a", NOW, LATER)
    assert table.store(NAME, 1, 2, {"position": "9"}, LATER)

    assert not table.store(NAME, 1, 1, {"position": "7"}, LATER)
    assert checkpoint(table) == {"position": "9"}


def test_request_that_is_sent_again_is_stored_again(table: CheckpointTable) -> None:
    table.take(NAME, "a", NOW, LATER)

    assert table.store(NAME, 1, 1, {"position": "9"}, LATER)
    assert table.store(NAME, 1, 1, {"position": "9"}, LATER)


def test_nothing_is_stored_without_a_lease(table: CheckpointTable) -> None:
    assert not table.store(NAME, 1, 1, {"position": "9"}, LATER)
    assert checkpoint(table) is None


def test_subscriptions_do_not_share_leases(table: CheckpointTable) -> None:
    assert token(table, "a") == 1
    assert table.take("events#other", "b", NOW, LATER) is not None
