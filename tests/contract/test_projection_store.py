"""What every adapter promises about writing the states of projections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from application.ports.projection_store import (
    Lifecycle,
    ProjectionState,
    Stamp,
    StateMoved,
)
from domain.errors import InvalidValue
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.projections.states import TableProjectionStore
from infrastructure.projections.table import ProjectionStateTable
from tests.blobs import noise
from tests.contract.storing import HOSTILE_IDS, facts
from tests.projections import (
    ROSTER,
    another,
    persist,
    projection_store,
    state_table,
)
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore(FakeClock(NOW))


@pytest.fixture
def table(store: Store) -> ProjectionStateTable:
    return state_table(store)


@pytest.fixture
def states(table: ProjectionStateTable, blobs: MemoryBlobStore) -> TableProjectionStore:
    return projection_store(table, blobs)


def latest(states: TableProjectionStore, version: str = "1") -> ProjectionState:
    found = states.latest("roster", version)
    assert found is not None
    return found


class TestPersisting:
    def test_a_state_is_read_back_with_everything_that_was_said_of_it(
        self, states: TableProjectionStore
    ) -> None:
        assert states.persist(ROSTER, b"the data", None) == Stamp(1, 1)

        found = latest(states)
        assert found == ProjectionState(
            projector="roster",
            version="1",
            payload_type="Roster",
            last_position=ROSTER.last_position,
            events_processed=7,
            safe_window_threshold=ROSTER.safe_window_threshold,
            build_source="catch-up",
            build_host="host-1",
            generation=1,
            revision=1,
            lifecycle=Lifecycle.LIVE,
            created=NOW,
            updated=NOW,
            original_size=8,
            compressed_size=found.compressed_size,
        )
        assert states.data(found) == b"the data"

    def test_what_may_be_left_out_is_read_back_as_left_out(
        self, states: TableProjectionStore
    ) -> None:
        bare = evolve(
            ROSTER,
            last_position=None,
            safe_window_threshold=None,
            build_source=None,
            build_host=None,
        )
        stamp = states.persist(ROSTER, b"first", None)
        states.persist(bare, b"", stamp)

        found = latest(states)
        assert (found.last_position, found.safe_window_threshold) == (None, None)
        assert (found.build_source, found.build_host) == (None, None)
        assert states.data(found) == b""

    def test_each_state_takes_the_place_of_the_one_before(
        self, states: TableProjectionStore
    ) -> None:
        first = persist(states, b"first")
        second = persist(states, b"second", first, events_processed=8)

        assert (first, second) == (Stamp(1, 1), Stamp(1, 2))
        assert latest(states).stamp == second
        assert latest(states).events_processed == 8
        assert states.data(latest(states)) == b"second"

    def test_a_state_keeps_when_the_first_of_its_version_was_stored(
        self, table: ProjectionStateTable
    ) -> None:
        stamp = persist(projection_store(table))
        later = projection_store(table, now=NOW + timedelta(hours=1))
        persist(later, expected=stamp)

        found = latest(later)
        assert (found.created, found.updated) == (NOW, NOW + timedelta(hours=1))

    def test_a_state_that_was_loaded_can_be_stored_with_other_data(
        self, states: TableProjectionStore
    ) -> None:
        persist(states, noise(400_000))
        loaded = latest(states)
        states.persist(evolve(loaded, events_processed=9), b"small", loaded.stamp)

        found = latest(states)
        assert (found.events_processed, found.is_offloaded) == (9, False)
        assert states.data(found) == b"small"

    def test_versions_and_projectors_are_told_apart(self, states: TableProjectionStore) -> None:
        persist(states, b"one")
        persist(states, b"two", version="2")
        persist(states, b"other", projector="timetable")

        assert states.data(latest(states)) == b"one"
        assert states.data(latest(states, "2")) == b"two"
        assert states.latest("timetable", "2") is None

    @pytest.mark.parametrize(
        "expected", [Stamp(1, 1), Stamp(1, 3), Stamp(2, 2), Stamp(2, 0), Stamp(0, 2)], ids=str
    )
    def test_another_stamp_is_refused_and_changes_nothing(
        self, states: TableProjectionStore, expected: Stamp
    ) -> None:
        second = persist(states, b"second", persist(states))

        with pytest.raises(StateMoved) as refused:
            persist(states, b"stale", expected)
        assert facts(refused.value) == facts(StateMoved("roster", "1", expected, second))
        assert states.data(latest(states)) == b"second"

    def test_none_is_refused_where_a_state_is(self, states: TableProjectionStore) -> None:
        stamp = persist(states, b"first")

        with pytest.raises(StateMoved) as refused:
            persist(states, b"stale")
        assert facts(refused.value) == facts(StateMoved("roster", "1", None, stamp))
        assert states.data(latest(states)) == b"first"

    def test_a_stamp_is_refused_where_nothing_is(self, states: TableProjectionStore) -> None:
        with pytest.raises(StateMoved) as refused:
            persist(states, expected=Stamp(1, 1))
        assert facts(refused.value) == facts(StateMoved("roster", "1", Stamp(1, 1), None))
        assert states.latest("roster", "1") is None

    def test_a_call_that_is_repeated_under_its_id_has_its_effect_once(
        self, states: TableProjectionStore
    ) -> None:
        stamp = persist(states)
        for _ in range(2):
            assert states.persist(ROSTER, b"second", stamp, "write-1") == Stamp(1, 2)

        assert latest(states).stamp == Stamp(1, 2)
        with pytest.raises(StateMoved):
            states.persist(ROSTER, b"second", stamp, "write-2")

    @pytest.mark.parametrize("text", [*HOSTILE_IDS.values(), "a/b", "a#b", "..", ".a", "a b"])
    def test_what_can_be_no_name_is_refused_and_never_there(
        self, states: TableProjectionStore, text: str
    ) -> None:
        with pytest.raises(InvalidValue, match="projector"):
            persist(states, projector=text)
        with pytest.raises(InvalidValue, match="version"):
            persist(states, version=text)
        for projector, version in ((text, "1"), ("roster", text)):
            with pytest.raises(InvalidValue):
                states.invalidate(projector, version, Stamp(1, 1))
            assert states.latest(projector, version) is None
            assert not states.delete(projector, version)
        assert states.list(text) == []
        assert states.latest_of_any_version(text) is None


class TestTombstones:
    def test_an_invalidated_state_is_a_tombstone_without_data(
        self, states: TableProjectionStore
    ) -> None:
        stamp = persist(states, noise(400_000))
        assert states.invalidate("roster", "1", stamp) == Stamp(2, 0)

        found = latest(states)
        assert (found.lifecycle, found.stamp) == (Lifecycle.INVALIDATED, Stamp(2, 0))
        assert (found.is_offloaded, found.original_size, found.inline) == (False, 0, None)
        assert list(states.referenced_blobs()) == []
        with pytest.raises(InvalidValue, match="tombstone"):
            states.data(found)

    def test_only_who_expects_the_tombstone_begins_the_next_generation(
        self, states: TableProjectionStore
    ) -> None:
        stamp = persist(states)
        tombstone = states.invalidate("roster", "1", stamp)

        for stale in (None, stamp, Stamp(1, 2), Stamp(2, 1)):
            with pytest.raises(StateMoved) as refused:
                persist(states, b"stale", stale)
            assert refused.value.found == tombstone
        assert persist(states, b"rebuilt", tombstone) == Stamp(2, 1)
        assert states.data(latest(states)) == b"rebuilt"
        for stale in (None, stamp, Stamp(1, 2), tombstone):
            with pytest.raises(StateMoved):
                persist(states, b"stale", stale)

    @pytest.mark.parametrize("stamp", [Stamp(1, 1), Stamp(2, 0)], ids=str)
    def test_only_the_state_that_is_expected_is_invalidated(
        self, states: TableProjectionStore, stamp: Stamp
    ) -> None:
        second = persist(states, b"second", persist(states))

        with pytest.raises(StateMoved) as refused:
            states.invalidate("roster", "1", stamp)
        assert facts(refused.value) == facts(StateMoved("roster", "1", stamp, second))
        assert states.data(latest(states)) == b"second"

    def test_nothing_that_is_absent_is_invalidated(self, states: TableProjectionStore) -> None:
        with pytest.raises(StateMoved) as refused:
            states.invalidate("roster", "1", Stamp(1, 1))
        assert refused.value.found is None
        assert states.latest("roster", "1") is None

    def test_a_deleted_state_is_absent_for_readers(self, states: TableProjectionStore) -> None:
        persist(states, noise(400_000))
        loaded = latest(states)

        assert states.delete("roster", "1")
        assert states.latest("roster", "1") is None
        assert states.latest_of_any_version("roster") is None
        assert states.list() == states.list("roster") == []
        assert list(states.referenced_blobs()) == []
        assert not states.delete("roster", "1")
        with pytest.raises(StateMoved) as refused:
            states.data(evolve(loaded, offload_key=None, inline=None))
        assert refused.value.found is None

    def test_who_has_a_stamp_from_before_a_deletion_never_writes_again(
        self, states: TableProjectionStore
    ) -> None:
        stamps = [persist(states)]
        stamps.append(persist(states, expected=stamps[-1]))
        states.delete("roster", "1")
        stale = [*stamps, Stamp(1, 3), Stamp(2, 0)]
        for stamp in stale:
            with pytest.raises(StateMoved) as refused:
                persist(states, b"stale", stamp)
            assert facts(refused.value) == facts(StateMoved("roster", "1", stamp, None))
            with pytest.raises(StateMoved):
                states.invalidate("roster", "1", stamp)

        assert persist(states, b"anew") == Stamp(2, 1)
        for stamp in stale:
            with pytest.raises(StateMoved) as refused:
                persist(states, b"stale", stamp)
            assert refused.value.found == Stamp(2, 1)
        assert states.data(latest(states)) == b"anew"

    def test_counting_goes_on_after_each_deletion(self, states: TableProjectionStore) -> None:
        stamps = []
        for _ in range(3):
            stamps.append(persist(states))
            states.delete("roster", "1")

        assert stamps == [Stamp(1, 1), Stamp(2, 1), Stamp(3, 1)]

    def test_a_state_after_a_deletion_was_created_then(self, table: ProjectionStateTable) -> None:
        persist(projection_store(table))
        later = projection_store(table, now=NOW + timedelta(hours=1))
        later.delete("roster", "1")
        persist(later)

        assert latest(later).created == NOW + timedelta(hours=1)

    def test_a_tombstone_of_an_invalidation_can_be_deleted(
        self, states: TableProjectionStore
    ) -> None:
        tombstone = states.invalidate("roster", "1", persist(states))
        assert states.delete("roster", "1")

        with pytest.raises(StateMoved):
            persist(states, b"stale", tombstone)
        assert persist(states) == Stamp(3, 1)


def test_two_instances_share_what_is_stored(states: TableProjectionStore) -> None:
    first, second = states, another(states)
    stamp = persist(first, b"of the first")
    assert second.data(latest(second)) == b"of the first"
    persist(second, b"of the second", stamp)

    with pytest.raises(StateMoved):
        persist(first, b"of the first again", stamp)
    assert first.data(latest(first)) == b"of the second"
