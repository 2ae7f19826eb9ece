"""A commit that is interrupted from outside, and called again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from infrastructure.memory.provider import MemoryProvider
from infrastructure.sourced import SnapshotPolicy
from infrastructure.unit_of_work import EventOptions
from tests.contract.test_orders import line, new_order
from tests.faults.conftest import Faulty
from tests.stores import Store
from tests.users import NOW, new_user


class Interrupted(BaseException):
    """As a signal handler raises it: at any point, and no `Exception`."""


def interrupt_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next snapshot, which follows its commit, is interrupted."""
    snapshots = type(store.provider.snapshots())
    write = snapshots.write

    def interrupted(*_: Any) -> bool:
        monkeypatch.setattr(snapshots, "write", write)
        raise Interrupted

    monkeypatch.setattr(snapshots, "write", interrupted)


def with_snapshots(store: Store) -> Store:
    return evolve(store, options=EventOptions(snapshots=SnapshotPolicy(every=1)))


@pytest.fixture(params=["memory", pytest.param("engine", marks=pytest.mark.engine)])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store that takes a snapshot after every event."""
    if request.param == "memory":
        return with_snapshots(Store("memory", MemoryProvider()))
    return with_snapshots(request.getfixturevalue("ministack_store"))


def test_interrupted_after_the_write_it_is_committed_when_called_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.unit_of_work() as unit:
        order = new_order()
        unit.orders.add(order)
        unit.commit()
        order.add_line(line("second"), NOW)
        unit.orders.save(order)
        interrupt_once(store, monkeypatch)
        with pytest.raises(Interrupted):
            unit.commit()
        unit.commit()
        assert (order.version, order.recorded_events) == (2, ())
        order.pay(NOW)
        unit.orders.save(order)
        unit.commit()
    with store.unit_of_work() as unit:
        assert unit.orders.get("1").version == 3


def test_an_interrupted_save_many_leaves_what_it_did_not_save_unsaved_and_told(
    make_faulty: Callable[[], Faulty],
) -> None:
    faulty = make_faulty()
    with faulty.healthy.unit_of_work() as unit:
        for n in range(3):
            unit.users.add(new_user(f"mail{n}@example.com", id=f"user-{n}"))
        unit.commit()

    def interrupt(send: Callable[[], Any]) -> Any:
        raise Interrupted

    with faulty.store.unit_of_work() as unit:
        users = unit.users.get_many(["user-0", "user-1", "user-2"])
        for user in users:
            user.ban(NOW)
        faulty.client.faults = [lambda send: send(), interrupt]
        with pytest.raises(Interrupted):
            unit.users.save_many(users)
        assert [o.error for o in unit.users.save_many(users)] == [None] * 3
    with faulty.healthy.unit_of_work() as unit:
        found = unit.users.get_many(["user-0", "user-1", "user-2"])
    assert [(user.version, user.is_banned) for user in found] == [(2, True)] * 3
