"""What every adapter promises about reading the states of projections, and deleting many."""

from __future__ import annotations

import pytest

from application.ports.projection_store import (
    ProjectionState,
    Stamp,
    StateMoved,
)
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.projections.states import TableProjectionStore
from infrastructure.projections.table import ProjectionStateTable
from tests.blobs import noise
from tests.contract.storing import facts
from tests.projections import (
    persist,
    projection_store,
    roster,
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


class TestReading:
    def test_nothing_is_there_before_something_is_stored(
        self, states: TableProjectionStore
    ) -> None:
        assert states.latest("roster", "1") is None
        assert states.latest_of_any_version("roster") is None
        assert states.list() == []
        assert not states.delete("roster", "1")
        assert states.delete_all() == 0
        assert list(states.referenced_blobs()) == []

    def test_the_latest_of_any_version_has_the_most_events(
        self, states: TableProjectionStore
    ) -> None:
        for version, events in (("1", 9), ("2", 12), ("10", 10)):
            states.persist(roster(version, events), f"data {version}".encode(), None)
        persist(states, projector="timetable", events_processed=99)

        found = states.latest_of_any_version("roster")
        assert found is not None
        assert (found.version, states.data(found)) == ("2", b"data 2")
        states.invalidate("roster", "2", found.stamp)
        found = states.latest_of_any_version("roster")
        assert found is not None
        assert found.version == "10"

    def test_all_are_listed_or_those_of_one_projector(self, states: TableProjectionStore) -> None:
        for projector, version in (("b", "2"), ("b", "1"), ("a", "1"), ("b-c", "1")):
            persist(states, noise(300), projector=projector, version=version)
        states.invalidate("b", "1", Stamp(1, 1))

        def names(listed: object) -> list[tuple[str, str]]:
            assert isinstance(listed, list)
            return [(state.projector, state.version) for state in listed]

        assert names(states.list()) == [("a", "1"), ("b", "1"), ("b", "2"), ("b-c", "1")]
        assert names(states.list("b")) == [("b", "1"), ("b", "2")]
        assert [state.is_live for state in states.list("b")] == [False, True]
        assert states.list("b")[1] == states.latest("b", "2")

    def test_more_is_listed_than_one_answer_holds(self, states: TableProjectionStore) -> None:
        for number in range(5):
            persist(states, noise(290_000, number), version=str(number))

        assert [state.version for state in states.list()] == list("01234")
        assert [state.version for state in states.list("roster")] == list("01234")
        assert states.data(states.list()[3]) == noise(290_000, 3)

    def test_all_are_deleted_or_those_of_one_projector(self, states: TableProjectionStore) -> None:
        for projector, version in (("a", "1"), ("b", "1"), ("b", "2")):
            persist(states, projector=projector, version=version)
        states.delete("b", "2")

        assert states.delete_all("b") == 1
        assert [state.projector for state in states.list()] == ["a"]
        assert states.delete_all() == 1
        assert states.list() == []

    def test_data_of_a_state_that_was_listed_is_read_while_it_is_the_stored_one(
        self, states: TableProjectionStore
    ) -> None:
        stamp = persist(states, b"first")
        (listed,) = states.list()
        assert states.data(listed) == b"first"
        persist(states, b"second", stamp)

        with pytest.raises(StateMoved) as refused:
            states.data(listed)
        assert facts(refused.value) == facts(StateMoved("roster", "1", stamp, Stamp(1, 2)))

    def test_blobs_that_live_states_refer_to_are_told(
        self, states: TableProjectionStore, blobs: MemoryBlobStore
    ) -> None:
        first = persist(states, noise(400_000, 1))
        persist(states, noise(400_000, 2), first)
        persist(states, noise(400_000, 3), version="2")
        persist(states, b"inline", version="3")
        states.invalidate("roster", "4", persist(states, noise(400_000, 4), version="4"))

        keys = {str(latest(states, version).offload_key) for version in "12"}
        assert set(states.referenced_blobs()) == keys
        assert keys < {blob.key for blob in blobs.list("")}
