"""One instance's hold on a subscription."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from application.ports.leases import LeaseLost
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.subscriptions.leases import CheckpointTable, SubscriptionLease
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

Write = Callable[[SubscriptionLease], None]
either_write = pytest.mark.parametrize(
    "write",
    [lambda lease: lease.store({"position": "7"}), lambda lease: lease.release({"position": "7"})],
    ids=["store", "release"],
)


def lease_of(
    table: CheckpointTable, owner: str, clock: FakeClock | None = None
) -> SubscriptionLease:
    return SubscriptionLease(table, "events#mailer", owner, clock or FakeClock(NOW), 30.0)


def checkpoint(table: CheckpointTable) -> object:
    """What is stored, as whoever comes long after finds it."""
    later = lease_of(table, "later", FakeClock(NOW + timedelta(days=1)))
    assert later.take()
    return later.checkpoint


@either_write
def test_nothing_is_written_before_the_lease_was_taken(write: Write) -> None:
    table = MemoryCheckpointTable()

    with pytest.raises(LeaseLost) as lost:
        write(lease_of(table, "a"))

    assert lost.value.args == ("events#mailer", "a")
    assert checkpoint(table) is None


@either_write
def test_nothing_is_written_where_another_one_holds_it(write: Write) -> None:
    table = MemoryCheckpointTable()
    assert lease_of(table, "a").take()
    refused = lease_of(table, "b")
    assert not refused.take()

    with pytest.raises(LeaseLost):
        write(refused)

    assert checkpoint(table) is None


@either_write
def test_lease_that_was_lost_is_held_no_more(write: Write) -> None:
    table, clock = MemoryCheckpointTable(), FakeClock(NOW)
    lost = lease_of(table, "a", clock)
    assert lost.take()
    clock.advance(30)
    assert lease_of(table, "b", clock).take()

    before = lost.is_held
    with pytest.raises(LeaseLost):
        write(lost)

    assert (before, lost.is_held, lost.checkpoint) == (True, False, None)


def test_lease_that_was_given_back_is_held_no_more() -> None:
    lease = lease_of(MemoryCheckpointTable(), "a")
    assert lease.take()

    lease.release(None)

    assert not lease.is_held
    with pytest.raises(LeaseLost):
        lease.store(None)


def test_request_that_was_delayed_is_told_from_the_later_ones() -> None:
    class Recording(MemoryCheckpointTable):
        """Can be sent what it was sent before."""

        @override
        def store(self, *request: Any, **more: Any) -> bool:
            requests.append((request, more))
            return super().store(*request, **more)

    requests: list[tuple[Any, Any]] = []
    table = Recording()
    lease = lease_of(table, "a")
    assert lease.take()
    for position in "789":
        lease.store({"position": position})

    assert [table.store(*request, **more) for request, more in requests[:3]] == [
        *(False, False, True),
    ]
    assert checkpoint(table) == {"position": "9"}


def test_lease_is_to_be_renewed_when_a_third_of_it_has_passed() -> None:
    clock = FakeClock(NOW)
    lease = lease_of(MemoryCheckpointTable(), "a", clock)
    assert lease.take()

    due = []
    for seconds in (9, 1, 0, 9, 1):
        clock.advance(seconds)
        due.append(lease.is_due)
        if len(due) == 2:
            lease.store(None)

    assert due == [False, True, False, False, True]
