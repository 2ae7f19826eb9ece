"""A commit that is interrupted from outside, and called again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from application.commit_each import CommitResult, commit_each
from application.ports.unit_of_work import UnitOfWork
from infrastructure.events.event_sourced_table import SnapshotPolicy
from infrastructure.memory.provider import MemoryProvider
from infrastructure.unit_of_work import CommitOptions
from tests.faults.conftest import Faulty
from tests.faults.test_lost_messages import told
from tests.orders import line, new_order
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
    return evolve(store, options=CommitOptions(snapshots=SnapshotPolicy(every=1)))


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
        assert unit.orders.get(order.id).version == 3


def test_interrupted_between_two_commits_each_is_whole_or_not_there_and_it_can_be_called_again(
    make_faulty: Callable[[], Faulty],
) -> None:
    faulty, ids = make_faulty(), ["user-0", "user-1", "user-2"]
    with faulty.healthy.unit_of_work() as unit:
        for n, id_ in enumerate(ids):
            unit.users.add(new_user(f"mail{n}@example.com", id=id_))
        unit.commit()

    def interrupt(send: Callable[[], Any]) -> Any:
        raise Interrupted

    def ban(unit: UnitOfWork, user_id: str) -> None:
        user = unit.users.get(user_id)
        user.ban(NOW)
        unit.users.save(user)

    def stored() -> list[tuple[int, bool]]:
        with faulty.healthy.unit_of_work() as unit:
            return [(user.version, user.is_banned) for user in unit.users.get_many(ids)]

    faulty.client.faults = [lambda send: send(), interrupt]
    with pytest.raises(Interrupted):
        commit_each(faulty.store.unit_of_work, ids, ban)
    assert stored() == [(2, True), (1, False), (1, False)]
    assert commit_each(faulty.store.unit_of_work, ids, ban) == [CommitResult(id_) for id_ in ids]
    assert stored() == [(2, True)] * 3
    assert told(faulty.healthy) == {"UserRegistered": 3, "UserBanned": 3}
