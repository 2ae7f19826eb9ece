"""What every adapter promises about the data of projection states, inline and in blobs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from application.errors import LimitExceeded
from application.ports.blob_store import BlobCorrupted, BlobStore
from application.ports.projection_store import (
    ProjectionState,
    Stamp,
    StateMoved,
    StateUnreadable,
)
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.limits import record_size
from infrastructure.memory.tables.projection_states import MemoryProjectionStateTable
from infrastructure.projections.states import TableProjectionStore
from infrastructure.projections.table import ProjectionStateTable, to_record
from tests.blobs import noise, s3_store
from tests.projections import (
    ROSTER,
    persist,
    projection_store,
    state_table,
)
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE


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


class TestSizes:
    @pytest.mark.parametrize("size", [0, 1, 10 * KILOBYTE, 299_000])
    def test_a_state_below_the_threshold_is_inline(
        self, states: TableProjectionStore, blobs: MemoryBlobStore, size: int
    ) -> None:
        persist(states, noise(size))

        found = latest(states)
        assert (found.is_offloaded, found.original_size) == (False, size)
        assert states.data(found) == noise(size)
        assert not list(blobs.list(""))

    def test_the_threshold_is_of_the_whole_item_to_the_byte(
        self, states: TableProjectionStore, table: ProjectionStateTable
    ) -> None:
        stamp = persist(states, noise(10_000))
        stored = table.read("roster", "1")
        assert stored is not None
        size = record_size(to_record(stored))

        stamp = persist(projection_store(table, threshold=size), noise(10_000), stamp)
        assert not latest(states).is_offloaded
        persist(projection_store(table, threshold=size - 1), noise(10_000), stamp)
        assert latest(states).is_offloaded

    @pytest.mark.parametrize("size", [301_000, 400_000, 2 * MEGABYTE])
    def test_a_state_above_the_threshold_is_in_a_blob(
        self, states: TableProjectionStore, blobs: MemoryBlobStore, size: int
    ) -> None:
        persist(states, noise(size))

        found = latest(states)
        assert (found.is_offloaded, found.original_size) == (True, size)
        assert found.offload_provider == "memory"
        assert [blob.key for blob in blobs.list("roster/1/")] == [found.offload_key]
        assert states.data(found) == noise(size)

    def test_what_compresses_well_is_inline_whatever_its_size(
        self, states: TableProjectionStore
    ) -> None:
        persist(states, b"seat " * (4 * MEGABYTE))

        found = latest(states)
        assert (found.is_offloaded, found.original_size) == (False, 20 * MEGABYTE)
        assert found.compressed_size < 100 * KILOBYTE
        assert states.data(found) == b"seat " * (4 * MEGABYTE)

    def test_a_smaller_state_is_inline_again(self, states: TableProjectionStore) -> None:
        stamp = persist(states, noise(400_000))
        stamp = persist(states, b"small", stamp)

        found = latest(states)
        assert (found.is_offloaded, found.offload_provider) == (False, None)
        assert states.data(found) == b"small"
        persist(states, noise(500_000), stamp)
        assert states.data(latest(states)) == noise(500_000)

    @pytest.mark.parametrize("size", [10 * KILOBYTE, 5 * MEGABYTE])
    def test_data_may_come_in_pieces(self, states: TableProjectionStore, size: int) -> None:
        whole = noise(size)
        pieces = (whole[at : at + 7_000] for at in range(0, size, 7_000))
        states.persist(ROSTER, pieces, None)

        found = latest(states)
        assert found.original_size == size
        with states.open(found) as stream:
            assert stream.read(10) == whole[:10]
            assert stream.read() == whole[10:]

    def test_all_pieces_are_stored_where_the_last_one_is_too_much(
        self, states: TableProjectionStore
    ) -> None:
        states.persist(ROSTER, iter([b"seat " * MEGABYTE, noise(310_000)]), None)

        found = latest(states)
        assert found.is_offloaded
        assert states.data(found) == b"seat " * MEGABYTE + noise(310_000)


def test_a_large_state_that_comes_in_pieces_is_never_whole_in_memory(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"\0" * (8 * MEGABYTE)
        for seed in range(32):
            yield noise(MEGABYTE, seed)

    states = projection_store(MemoryProjectionStateTable(), FileBlobStore(tmp_path))
    tracemalloc.start()
    try:
        states.persist(ROSTER, pieces(), None)
        found = latest(states)
        with states.open(found) as stream:
            read = sum(map(len, iter(lambda: stream.read(MEGABYTE), b"")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read == found.original_size == 40 * MEGABYTE
    assert peak < 24 * MEGABYTE


class TestWithoutBlobs:
    def test_a_state_has_the_whole_item(self, states: TableProjectionStore) -> None:
        without = evolve(states, offload=None)
        persist(without, noise(390_000))

        assert without.data(latest(without)) == noise(390_000)

    @pytest.mark.parametrize("size", [409_500, MEGABYTE])
    def test_what_no_item_can_hold_is_refused(
        self, states: TableProjectionStore, size: int
    ) -> None:
        with pytest.raises(LimitExceeded, match="roster 1, without a place for blobs"):
            persist(evolve(states, offload=None), noise(size))
        assert states.latest("roster", "1") is None

    def test_what_is_in_a_blob_is_unreadable(self, states: TableProjectionStore) -> None:
        persist(states, noise(400_000))

        with pytest.raises(StateUnreadable, match="no place for blobs"):
            evolve(states, offload=None).data(latest(states))


class TestTrouble:
    def test_a_corrupted_blob_is_told(
        self, states: TableProjectionStore, blobs: MemoryBlobStore
    ) -> None:
        persist(states, noise(400_000))
        found = latest(states)
        assert found.offload_key is not None
        with blobs.open(found.offload_key) as stored:
            content = stored.read()
        blobs.put(found.offload_key, content[:-1] + bytes([content[-1] ^ 1]))

        with pytest.raises(StateUnreadable, match="corrupted") as unreadable:
            states.data(found)
        assert isinstance(unreadable.value.__cause__, BlobCorrupted)

    def test_a_missing_blob_is_told_as_what_it_is(
        self, states: TableProjectionStore, blobs: MemoryBlobStore
    ) -> None:
        stamp = persist(states, noise(400_000))
        found = latest(states)
        assert found.offload_key is not None
        blobs.delete(found.offload_key)

        with pytest.raises(StateUnreadable, match="no blob"):
            states.data(found)
        persist(states, b"newer", stamp)
        with pytest.raises(StateMoved):
            states.data(found)

    def test_damaged_inline_data_is_told(
        self, states: TableProjectionStore, table: ProjectionStateTable
    ) -> None:
        persist(states, noise(1_000))
        stored = table.read("roster", "1")
        assert stored is not None
        assert stored.state.inline is not None
        inline = stored.state.inline[:500] + b"\0" + stored.state.inline[501:]
        state = evolve(stored.state, revision=2, inline=inline)
        table.write(evolve(stored, state=state), Stamp(1, 1))

        with pytest.raises(StateUnreadable, match="damaged"):
            states.data(latest(states))

    def test_what_the_reader_raises_is_passed_on(self, states: TableProjectionStore) -> None:
        persist(states)
        with pytest.raises(ValueError, match="of the reader"), states.open(latest(states)):
            raise ValueError("of the reader")

    def test_data_that_breaks_off_stores_nothing(
        self, states: TableProjectionStore, blobs: MemoryBlobStore
    ) -> None:
        stamp = persist(states, b"first")

        def pieces() -> Iterator[bytes]:
            yield noise(400_000)
            raise OSError("broken off")

        with pytest.raises(OSError, match="broken off"):
            states.persist(ROSTER, pieces(), stamp)
        assert states.data(latest(states)) == b"first"
        assert not list(blobs.list(""))

    def test_a_refused_write_leaves_its_blob_to_the_collector(
        self, states: TableProjectionStore, blobs: MemoryBlobStore
    ) -> None:
        persist(states, b"first")
        with pytest.raises(StateMoved):
            persist(states, noise(400_000))

        assert len(list(blobs.list(""))) == 1
        assert list(states.referenced_blobs()) == []


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.engine)])
def lasting_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "file":
        return FileBlobStore(tmp_path)
    return s3_store(request.getfixturevalue("ministack").endpoint_url)


def test_large_states_are_kept_wherever_blobs_are(lasting_blobs: BlobStore) -> None:
    states = projection_store(MemoryProjectionStateTable(), lasting_blobs)
    stamp = persist(states, noise(20 * MEGABYTE))
    found = latest(states)
    assert found.offload_provider == lasting_blobs.provider
    assert states.data(found) == noise(20 * MEGABYTE)
    persist(states, noise(400_000), stamp)

    (key,) = states.referenced_blobs()
    assert key == latest(states).offload_key
    lasting_blobs.put(key, b"something else")
    with pytest.raises(StateUnreadable, match="corrupted"):
        states.data(latest(states))
