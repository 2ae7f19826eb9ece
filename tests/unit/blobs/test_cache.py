"""What the cache of blobs that were read promises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from application.ports.blob_store import BlobCorrupted, BlobMissing
from infrastructure.blobs.cache import CachedBlobStore
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.system.clock import SystemClock
from tests.blobs import key_of, keys, noise, put, read

ONE = b"one"
KEY = key_of(ONE)
KILOBYTE = 1_000


@pytest.fixture
def store() -> MemoryBlobStore:
    return MemoryBlobStore(SystemClock())


@pytest.fixture
def cached(store: MemoryBlobStore, tmp_path: Path) -> CachedBlobStore:
    return CachedBlobStore(store, tmp_path, 3 * KILOBYTE)


def copies(folder: Path) -> list[str]:
    return keys(FileBlobStore(folder).list(""))


def used(folder: Path, key: str, seconds: int) -> None:
    """A copy was last used so many seconds after the beginning of time."""
    os.utime(folder / key, (seconds, seconds))


def test_what_was_read_once_needs_the_store_no_more(
    store: MemoryBlobStore, cached: CachedBlobStore
) -> None:
    put(cached, ONE)
    assert read(cached, KEY) == ONE
    store.delete(KEY)
    assert read(cached, KEY) == ONE


def test_what_was_not_read_is_not_copied(cached: CachedBlobStore, tmp_path: Path) -> None:
    put(cached, ONE)
    assert copies(tmp_path) == []


@pytest.mark.parametrize("damaged", [b"", b"on", b"one more", b"two"])
def test_a_damaged_copy_is_fetched_again(
    cached: CachedBlobStore, tmp_path: Path, damaged: bytes
) -> None:
    put(cached, ONE)
    read(cached, KEY)
    (tmp_path / KEY).write_bytes(damaged)
    with capture_logs() as lines:
        assert read(cached, KEY) == ONE
    assert [line["event"] for line in lines] == ["cached blob unreadable"]
    assert (tmp_path / KEY).read_bytes() == ONE


def test_a_blob_that_is_damaged_in_the_store_is_not_copied(
    store: MemoryBlobStore, cached: CachedBlobStore, tmp_path: Path
) -> None:
    store.put(KEY, b"two")
    with pytest.raises(BlobCorrupted):
        cached.open(KEY)
    assert copies(tmp_path) == []


def test_the_least_recently_read_goes_first(cached: CachedBlobStore, tmp_path: Path) -> None:
    a, b, c, d = (put(cached, noise(KILOBYTE, n)) for n in range(4))
    for second, key in enumerate((a, b, c)):
        read(cached, key)
        used(tmp_path, key, second)
    read(cached, a)
    assert copies(tmp_path) == sorted([a, b, c])
    read(cached, d)
    assert copies(tmp_path) == sorted([a, c, d])


def test_the_copies_stay_within_their_size(cached: CachedBlobStore, tmp_path: Path) -> None:
    sizes = [700, 1_500, 900, 2_900, 100, 1_800, 3_000]
    for size in sizes:
        read(cached, put(cached, noise(size)))
        copied = FileBlobStore(tmp_path).list("")
        assert 0 < sum(blob.size for blob in copied) <= 3 * KILOBYTE


def test_a_blob_larger_than_the_cache_is_read_and_displaces_nothing(
    cached: CachedBlobStore, tmp_path: Path
) -> None:
    read(cached, put(cached, ONE))
    large = noise(3 * KILOBYTE + 1)
    assert read(cached, put(cached, large)) == large
    assert copies(tmp_path) == [KEY]


def test_a_cache_that_cannot_be_used_costs_no_blob(store: MemoryBlobStore, tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"a file")
    cached = CachedBlobStore(store, tmp_path / "folder", 3 * KILOBYTE)
    put(cached, ONE)
    with capture_logs() as lines:
        assert read(cached, KEY) == ONE
        assert cached.delete(KEY)
    assert {line["log_level"] for line in lines} == {"warning"}


def test_a_deleted_blob_leaves_no_copy(cached: CachedBlobStore, tmp_path: Path) -> None:
    put(cached, ONE)
    read(cached, KEY)
    assert cached.delete(KEY)
    assert copies(tmp_path) == []
    with pytest.raises(BlobMissing):
        cached.open(KEY)


def test_processes_may_share_the_copies(store: MemoryBlobStore, tmp_path: Path) -> None:
    put(store, ONE)
    read(CachedBlobStore(store, tmp_path, KILOBYTE), KEY)
    store.delete(KEY)
    assert read(CachedBlobStore(store, tmp_path, KILOBYTE), KEY) == ONE
