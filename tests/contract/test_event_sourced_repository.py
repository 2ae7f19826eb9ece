"""What every adapter promises about event-sourced aggregates: history, snapshots, races."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from application.errors import UnitOfWorkMisused, Unreachable, UnreadableEvent
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict
from infrastructure.events.event_sourced_table import SnapshotPolicy
from infrastructure.events.snapshots import Snapshot
from tests.samples import parcels
from tests.samples.parcels import Parcel, ParcelNotFound, line
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW

STREAM = StreamId("Parcel", "1")


def new_parcel(*skus: str) -> Parcel:
    return parcels.new_parcel(*(skus or ("first",)), id="1")


def placed(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.parcels.add(new_parcel())
        unit.commit()


def add_lines(store: Store, *skus: str) -> None:
    """Each in a commit of its own."""
    for sku in skus:
        with store.unit_of_work() as unit:
            parcel = unit.parcels.get("1")
            parcel.add_line(line(sku), NOW)
            unit.parcels.save(parcel)
            unit.commit()


def skus(store: Store) -> list[str]:
    with store.unit_of_work() as unit:
        return [line.sku for line in unit.parcels.get("1").lines]


def with_snapshots(store: Store, every: int, schema_version: int = 1) -> Store:
    policy = SnapshotPolicy(every=every, schema_version=schema_version)
    return evolve(store, options=evolve(store.options, snapshots=policy))


def test_a_parcel_is_loaded_as_it_was_committed(store: Store) -> None:
    with store.unit_of_work() as unit:
        parcel = new_parcel("first", "second")
        parcel.add_line(line("third"), NOW)
        parcel.pay(NOW)
        unit.parcels.add(parcel)
        unit.commit()
        assert (parcel.version, parcel.recorded_events) == (3, ())
    with store.unit_of_work() as unit:
        loaded = unit.parcels.get("1")
    assert repr(loaded) == repr(parcel)


def test_a_parcel_that_does_not_exist_is_not_found(store: Store) -> None:
    for parcel_id in ("none", "", "a:b", "CLAIM#email#ada@example.com"):
        with pytest.raises(ParcelNotFound), store.unit_of_work() as unit:
            unit.parcels.get(parcel_id)


def test_a_parcel_is_changed_again_and_again(store: Store) -> None:
    placed(store)
    with store.unit_of_work() as unit:
        parcel = unit.parcels.get("1")
        for sku in ("second", "third"):
            parcel.add_line(line(sku), NOW)
            unit.parcels.save(parcel)
            unit.commit()
        assert unit.parcels.get("1") is parcel
    assert skus(store) == ["first", "second", "third"]
    assert store.event_store().version(STREAM).version == 3


def test_of_two_who_change_a_parcel_one_conflicts(store: Store) -> None:
    placed(store)
    with store.unit_of_work() as mine, store.unit_of_work() as theirs:
        for unit, sku in ((mine, "mine"), (theirs, "theirs")):
            parcel = unit.parcels.get("1")
            parcel.add_line(line(sku), NOW)
            parcel.add_line(line(f"{sku}-too"), NOW)
            unit.parcels.save(parcel)
        mine.commit()
        with pytest.raises(ConcurrencyConflict) as caught:
            theirs.commit()
        theirs.rollback()
    assert (caught.value.expected, caught.value.actual) == (1, 3)
    assert skus(store) == ["first", "mine", "mine-too"]


def test_an_id_starts_one_parcel(store: Store) -> None:
    placed(store)
    with pytest.raises(ConcurrencyConflict) as caught:
        placed(store)
    assert (caught.value.expected, caught.value.actual) == (0, 1)


def test_nothing_happened_nothing_is_written(store: Store) -> None:
    placed(store)
    with store.unit_of_work() as unit:
        unit.parcels.save(unit.parcels.get("1"))
        unit.commit()
    assert store.event_store().version(STREAM).version == 1


def test_what_happened_and_was_not_saved_is_missed(store: Store) -> None:
    placed(store)
    with store.unit_of_work() as unit:
        unit.parcels.get("1").pay(NOW)
        with pytest.raises(UnitOfWorkMisused, match="not saved"):
            unit.commit()
        unit.rollback()


def test_a_parcel_and_a_person_are_committed_together_or_not_at_all(store: Store) -> None:
    placed(store)
    with store.unit_of_work() as unit:
        unit.people.add(new_person())
        unit.parcels.add(new_parcel())
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()
    with store.unit_of_work() as unit:
        assert unit.people.page(10).items == ()


def test_a_parcel_has_no_way_to_be_removed(store: Store) -> None:
    with store.unit_of_work() as unit:
        assert not hasattr(unit.parcels, "remove")


@pytest.mark.parametrize("every", [0, 2])
def test_a_missing_event_makes_its_parcel_unreadable(
    store: Store, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Also where a snapshot was taken at it."""
    store = with_snapshots(store, every)
    placed(store)
    add_lines(store, "2", "3")
    table = type(store.provider.events())
    read = table.read

    def without_the_second(*args: Any, **bounds: Any) -> Any:
        found = read(*args, **bounds)
        return evolve(found, events=tuple(e for e in found.events if e.version != 2))

    monkeypatch.setattr(table, "read", without_the_second)
    with pytest.raises(UnreadableEvent, match="event 2 before it is missing"):
        skus(store)


class TestSnapshots:
    def test_a_snapshot_is_taken_by_the_policy(self, store: Store) -> None:
        store = with_snapshots(store, every=3)
        placed(store)
        add_lines(store, "2")
        assert store.provider.snapshots().read(STREAM) is None
        add_lines(store, "3", "4")
        snapshot = store.provider.snapshots().read(STREAM)
        assert snapshot is not None
        assert snapshot.version == 3
        assert skus(store) == ["first", "2", "3", "4"]
        add_lines(store, "5", "6")
        snapshot = store.provider.snapshots().read(STREAM)
        assert snapshot is not None
        assert snapshot.version == 6

    def test_a_commit_that_passes_the_mark_takes_one(self, store: Store) -> None:
        store = with_snapshots(store, every=3)
        with store.unit_of_work() as unit:
            parcel = new_parcel()
            for sku in "2345":
                parcel.add_line(line(sku), NOW)
            unit.parcels.add(parcel)
            unit.commit()
        snapshot = store.provider.snapshots().read(STREAM)
        assert snapshot is not None
        assert snapshot.version == 5

    def test_loading_starts_from_the_snapshot(self, store: Store) -> None:
        """Shown by one that says something else than the events."""
        store = with_snapshots(store, every=2)
        placed(store)
        add_lines(store, "2", "3")
        snapshot = store.provider.snapshots().read(STREAM)
        assert snapshot is not None
        told = evolve(
            snapshot, version=3, state=snapshot.state.replace(b'"version":2', b'"version":3')
        )
        assert store.provider.snapshots().write(told)
        assert skus(store) == ["first", "2"]

    def test_a_snapshot_never_becomes_older(self, store: Store) -> None:
        snapshots = store.provider.snapshots()
        newer = Snapshot(stream=STREAM, version=4, schema_version=1, state=b"{}")
        assert snapshots.write(newer)
        assert not snapshots.write(evolve(newer, version=3))
        assert not snapshots.write(evolve(newer, state=b"[]"))
        assert snapshots.read(STREAM) == newer

    @pytest.mark.parametrize("version", [5, 50])
    def test_a_snapshot_beyond_its_stream_makes_no_gap(self, store: Store, version: int) -> None:
        store = with_snapshots(store, every=2)
        placed(store)
        add_lines(store, "2", "3")
        state = f'{{"id":"1","version":{version},"lines":[]}}'.encode()
        snapshot = Snapshot(stream=STREAM, version=version, schema_version=1, state=state)
        assert store.provider.snapshots().write(snapshot)
        with capture_logs() as lines:
            add_lines(store, "4")
        assert told(lines) == [("warning", "snapshot beyond its stream passed over")]
        assert skus(store) == ["first", "2", "3", "4"]
        assert store.event_store().version(STREAM).version == 4

    def test_a_snapshot_of_another_aggregate_is_passed_over(self, store: Store) -> None:
        store = with_snapshots(store, every=3)
        placed(store)
        add_lines(store, "2")
        snapshot = Snapshot(
            stream=STREAM, version=2, schema_version=1, state=b'{"id":"2","version":2,"lines":[]}'
        )
        assert store.provider.snapshots().write(snapshot)
        assert skus(store) == ["first", "2"]

    @pytest.mark.parametrize(
        "state",
        [
            *(b"", b"{", b"[]", b"null", b"\xff"),
            *(b'{"version":3}', b'{"id":"1","version":3,"lines":7}'),
            # Of another version than the snapshot's.
            b'{"id":"1","version":2,"lines":[]}',
        ],
    )
    def test_an_unreadable_snapshot_is_passed_over(self, store: Store, state: bytes) -> None:
        store = with_snapshots(store, every=2)
        placed(store)
        add_lines(store, "2", "3")
        snapshot = Snapshot(stream=STREAM, version=3, schema_version=1, state=state)
        assert store.provider.snapshots().write(snapshot)
        with capture_logs() as lines:
            assert skus(store) == ["first", "2", "3"]
        assert told(lines) == [("warning", "snapshot passed over")]

    def test_a_snapshot_of_another_schema_is_passed_over(self, store: Store) -> None:
        placed(with_snapshots(store, every=1))
        snapshot = store.provider.snapshots().read(STREAM)
        assert snapshot is not None
        later = with_snapshots(store, every=1, schema_version=2)
        with capture_logs() as lines:
            add_lines(later, "2")
        assert told(lines) == [("info", "snapshot of another schema passed over")]
        assert skus(later) == ["first", "2"]
        assert skus(with_snapshots(store, every=1)) == ["first", "2"]

    def test_without_a_policy_none_is_taken(self, store: Store) -> None:
        store = with_snapshots(store, every=0)
        placed(store)
        add_lines(store, "2")
        assert store.provider.snapshots().read(STREAM) is None

    def test_a_snapshot_that_cannot_be_stored_does_not_fail_the_commit(
        self, make_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = with_snapshots(make_store(), every=1)

        def unreachable(*_: Any) -> bool:
            raise Unreachable(operation="PutItem")

        monkeypatch.setattr(type(store.provider.snapshots()), "write", unreachable)
        with capture_logs() as lines:
            placed(store)
        assert told(lines) == [("warning", "snapshot not stored")]
        assert skus(store) == ["first"]


def told(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The levels and events of a log."""
    return [(line["log_level"], line["event"]) for line in lines]
