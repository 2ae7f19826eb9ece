"""A commit that is interrupted from outside, and called again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from application.commit_each import CommitResult, commit_each
from infrastructure.events.event_sourced_table import SnapshotPolicy
from infrastructure.memory.provider import MemoryProvider
from tests.faults.conftest import Faulty
from tests.faults.test_lost_messages import told
from tests.samples.contexts import Unit
from tests.samples.parcels import line, new_parcel
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW


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
    return evolve(store, options=evolve(store.options, snapshots=SnapshotPolicy(every=1)))


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
        parcel = new_parcel()
        unit.parcels.add(parcel)
        unit.commit()
        parcel.add_line(line("second"), NOW)
        unit.parcels.save(parcel)
        interrupt_once(store, monkeypatch)
        with pytest.raises(Interrupted):
            unit.commit()
        unit.commit()
        assert (parcel.version, parcel.recorded_events) == (2, ())
        parcel.pay(NOW)
        unit.parcels.save(parcel)
        unit.commit()
    with store.unit_of_work() as unit:
        assert unit.parcels.get(parcel.id).version == 3


def test_interrupted_between_two_commits_each_is_whole_or_not_there_and_it_can_be_called_again(
    make_faulty: Callable[[], Faulty],
) -> None:
    faulty, ids = make_faulty(), ["person-0", "person-1", "person-2"]
    with faulty.healthy.unit_of_work() as unit:
        for n, id_ in enumerate(ids):
            unit.people.add(new_person(f"mail{n}@example.com", id=id_))
        unit.commit()

    def interrupt(send: Callable[[], Any]) -> Any:
        raise Interrupted

    def ban(unit: Unit, person_id: str) -> None:
        person = unit.people.get(person_id)
        person.ban(NOW)
        unit.people.save(person)

    def stored() -> list[tuple[int, bool]]:
        with faulty.healthy.unit_of_work() as unit:
            return [(person.version, person.is_banned) for person in unit.people.get_many(ids)]

    faulty.client.faults = [lambda send: send(), interrupt]
    with pytest.raises(Interrupted):
        commit_each(faulty.store.unit_of_work, ids, ban)
    assert stored() == [(2, True), (1, False), (1, False)]
    assert commit_each(faulty.store.unit_of_work, ids, ban) == [CommitResult(id_) for id_ in ids]
    assert stored() == [(2, True)] * 3
    assert told(faulty.healthy) == {"PersonRegistered": 3, "PersonBanned": 3}
