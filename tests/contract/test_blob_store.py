"""What every blob store promises, and what offloading and collecting promise on each."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import product
from pathlib import Path
from threading import Barrier

import pytest

from application.collect_blobs import Collected, collect_blobs
from application.ports.blob_store import BlobCorrupted, BlobMissing, BlobStore
from domain.errors import InvalidValue
from infrastructure.blobs.cache import CachedBlobStore
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.blobs.offload import Offload
from infrastructure.system.clock import SystemClock
from tests.blobs import (
    key_of,
    keys,
    noise,
    put,
    put_until_not_before,
    read,
    s3_store,
    stored,
)

ONE, OTHER = b"one", b"another"
SHA = "ab" * 32
MEGABYTES = 1_000_000
MINISTACK = pytest.param("ministack", marks=pytest.mark.engine)
ALL = ["memory", "file", "cached", "moto", MINISTACK]


@pytest.fixture(params=ALL)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty store of each kind in turn."""
    match request.param:
        case "memory":
            return MemoryBlobStore(SystemClock())
        case "file":
            return FileBlobStore(tmp_path / "blobs")
        case "cached":
            return CachedBlobStore(MemoryBlobStore(SystemClock()), tmp_path / "cache", MEGABYTES)
        case "cached file":
            inner = FileBlobStore(tmp_path / "blobs")
            return CachedBlobStore(inner, tmp_path / "cache", 100 * MEGABYTES)
        case "moto":
            request.getfixturevalue("moto_client")
            endpoint = None
        case _:
            endpoint = request.getfixturevalue("ministack").endpoint_url
    return s3_store(endpoint)


on = pytest.mark.parametrize


@pytest.fixture
def offload(blobs: BlobStore) -> Offload:
    return Offload(blobs, threshold=300_000)


@on("content", [b"", ONE, noise(600_000)])
def test_what_was_put_is_read(blobs: BlobStore, content: bytes) -> None:
    key = key_of(content)
    blobs.put(key, content)
    assert read(blobs, key) == content


def test_a_stream_is_put_from_its_beginning_and_left_open(blobs: BlobStore) -> None:
    stream = BytesIO(noise(600_000))
    stream.seek(17)
    blobs.put(key_of(stream.getvalue()), stream)
    assert not stream.closed
    assert read(blobs, key_of(stream.getvalue())) == stream.getvalue()


def test_a_blob_is_read_piece_by_piece(blobs: BlobStore) -> None:
    content = noise(600_000)
    with blobs.open(put(blobs, content)) as stream:
        pieces = list(iter(lambda: stream.read(1_000), b""))
    assert len(pieces) == 600
    assert b"".join(pieces) == content


def test_a_missing_blob_is_named(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissing) as missing:
        blobs.open(key_of(ONE))
    assert (missing.value.key, missing.value.provider) == (key_of(ONE), blobs.provider)
    assert str(missing.value) == f"{blobs.provider} has no blob {key_of(ONE)}"


def test_a_blob_may_be_put_again(blobs: BlobStore) -> None:
    assert put(blobs, ONE) == put(blobs, ONE)
    assert keys(blobs.list("")) == [key_of(ONE)]
    assert read(blobs, key_of(ONE)) == ONE


def test_a_blob_that_is_put_again_is_young(blobs: BlobStore) -> None:
    first = stored(blobs, put(blobs, ONE)).last_modified
    put_until_not_before(blobs, ONE, first + timedelta(microseconds=1))
    assert stored(blobs, key_of(ONE)).last_modified > first


def test_a_blob_that_is_deleted_is_missing(blobs: BlobStore) -> None:
    put(blobs, OTHER)
    assert read(blobs, put(blobs, ONE)) == ONE
    assert blobs.delete(key_of(ONE))
    assert keys(blobs.list("")) == [key_of(OTHER)]
    with pytest.raises(BlobMissing):
        blobs.open(key_of(ONE))


def test_a_blob_that_is_not_there_needs_no_deleting(blobs: BlobStore) -> None:
    assert not blobs.delete(key_of(ONE))
    assert not blobs.delete(key_of(ONE), older_than=datetime.now(UTC) + timedelta(hours=1))


def test_a_blob_is_deleted_for_its_age_only_if_it_is_older(blobs: BlobStore) -> None:
    put_at = stored(blobs, put(blobs, ONE)).last_modified
    assert not blobs.delete(key_of(ONE), older_than=put_at - timedelta(hours=1))
    assert not blobs.delete(key_of(ONE), older_than=put_at)
    assert read(blobs, key_of(ONE)) == ONE
    assert blobs.delete(key_of(ONE), older_than=put_at + timedelta(seconds=1))
    assert keys(blobs.list("")) == []


def test_a_listing_tells_size_and_time(blobs: BlobStore) -> None:
    before = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    found = stored(blobs, put(blobs, OTHER))
    assert found.size == len(OTHER)
    assert before <= found.last_modified <= datetime.now(UTC) + timedelta(seconds=1)
    assert found.last_modified.utcoffset() == timedelta(0)


def test_a_listing_is_of_whole_parts_of_keys(blobs: BlobStore) -> None:
    first, tenth = put(blobs, ONE, "roster/1"), put(blobs, ONE, "roster/10")
    deep, other = put(blobs, ONE, "roster/1/a.b"), put(blobs, ONE, "timetable/1")
    assert keys(blobs.list("roster/1/")) == sorted([first, deep])
    assert keys(blobs.list("roster/")) == sorted([first, tenth, deep])
    assert keys(blobs.list("")) == sorted([first, tenth, deep, other])
    assert keys(blobs.list("nothing/")) == []


HOSTILE = [
    "",
    SHA,
    f"{SHA}.bin",
    f"/roster/{SHA}.bin",
    f"../{SHA}.bin",
    f"roster/../../{SHA}.bin",
    f"roster/./{SHA}.bin",
    f"roster//{SHA}.bin",
    f"roster/.hidden/{SHA}.bin",
    f"roster/a..b/{SHA}.bin",
    f"roster/a./{SHA}.bin",
    f"roster\\..\\{SHA}.bin",
    f"C:/{SHA}.bin",
    f"roster/a b/{SHA}.bin",
    f"roster/\u00e9/{SHA}.bin",
    f"roster/\0/{SHA}.bin",
    f"roster/{SHA}.bin\n",
    f"roster/{SHA.upper()}.bin",
    f"roster/{SHA[1:]}.bin",
    f"roster/{SHA}.txt",
    f"{'a' * 444}/{SHA}.bin",
]


def test_a_hostile_key_is_refused(blobs: BlobStore) -> None:
    attempts: list[Callable[[str], object]] = [
        lambda key: blobs.put(key, ONE),
        blobs.open,
        blobs.delete,
    ]
    for key, attempt in product(HOSTILE, attempts):
        with pytest.raises(InvalidValue) as refused:
            attempt(key)
        assert refused.value.field == "key"
    assert keys(blobs.list("")) == []


def test_a_hostile_prefix_is_refused(blobs: BlobStore) -> None:
    for prefix in ("/", "roster", "../", "roster/../", "a//", ".unfinished/", f"{'a' * 512}/"):
        with pytest.raises(InvalidValue) as refused:
            blobs.list(prefix)
        assert refused.value.field == "prefix"


@on("blobs", ["memory", "file", "cached", MINISTACK], indirect=True)
def test_a_blob_is_whole_whoever_puts_it_at_the_same_time(blobs: BlobStore) -> None:
    content, writers = noise(600_000), 8
    key, together = key_of(content), Barrier(2 * writers)

    def write() -> bytes:
        together.wait()
        blobs.put(key, content)
        return content

    def look() -> bytes:
        together.wait()
        try:
            return read(blobs, key)
        except BlobMissing:
            return content

    with ThreadPoolExecutor(2 * writers) as pool:
        work = [pool.submit(task) for task in (write, look) * writers]
        assert [each.result() == content for each in work] == [True] * 2 * writers
    assert keys(blobs.list("")) == [key]
    assert read(blobs, key) == content


@on("data", [b"", ONE, b"abc" * 500_000, noise(1_500_000)])
def test_an_offloaded_value_is_read_back(offload: Offload, data: bytes) -> None:
    blob = offload.put("roster/1", data)
    with offload.open(blob) as original:
        assert original.read() == data
    assert blob.key == f"roster/1/{blob.sha256}.bin"
    assert (blob.provider, blob.original_size) == (offload.store.provider, len(data))
    assert stored(offload.store, blob.key).size == blob.compressed_size


def test_an_offloaded_value_is_compressed(offload: Offload) -> None:
    assert offload.put("roster/1", b"abc" * 500_000).compressed_size < 10_000


def test_bytes_a_stream_and_pieces_of_the_same_are_one_blob(offload: Offload) -> None:
    data = b"a line\n" * 10 + noise(600_000)
    stream = BytesIO(data)
    assert offload.put("roster/1", data) == offload.put("roster/1", stream)
    assert not stream.closed
    pieces = [data[:1], data[1:1], data[1:400_000], data[400_000:]]
    with offload.open(offload.put("roster/1", pieces)) as original:
        assert original.read() == data


def test_the_same_value_is_the_same_blob_put_again(offload: Offload) -> None:
    blob = offload.put("roster/1", ONE)
    offload.store.delete(blob.key)
    assert offload.put("roster/1", ONE) == blob
    with offload.open(blob) as original:
        assert original.read() == ONE


def test_a_folder_that_no_key_can_have_is_refused(offload: Offload) -> None:
    with pytest.raises(InvalidValue):
        offload.put("../roster", ONE)
    assert keys(offload.store.list("")) == []


@on("change", [lambda c: c[:-1], lambda c: c + b"\0", lambda c: b"", lambda c: c[:-9] + noise(9)])
def test_a_damaged_blob_is_never_handed_out(
    offload: Offload, change: Callable[[bytes], bytes]
) -> None:
    blob = offload.put("roster/1", noise(600_000))
    # Deleted first, so that no cache has a good copy.
    damaged = change(read(offload.store, blob.key))
    offload.store.delete(blob.key)
    offload.store.put(blob.key, damaged)
    with pytest.raises(BlobCorrupted) as corrupted, offload.open(blob):
        pytest.fail("a damaged blob was opened")
    assert (corrupted.value.key, corrupted.value.expected) == (blob.key, blob.sha256)
    assert corrupted.value.found == key_of(damaged).removeprefix("roster/1/")[:64]


def test_a_reference_to_a_missing_blob_says_so(offload: Offload) -> None:
    blob = offload.put("roster/1", ONE)
    offload.store.delete(blob.key)
    with pytest.raises(BlobMissing), offload.open(blob):
        pytest.fail("a missing blob was opened")


@on("blobs", ["file", "cached file", MINISTACK], indirect=True)
def test_twenty_megabytes_need_few_in_memory(offload: Offload) -> None:
    piece, count = noise(MEGABYTES), 20
    tracemalloc.start()
    try:
        blob = offload.put("roster/1", (piece for _ in range(count)))
        with offload.open(blob) as original:
            for _ in range(count):
                assert original.read(MEGABYTES) == piece
            assert original.read() == b""
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert blob.original_size == count * MEGABYTES
    assert blob.compressed_size > count * MEGABYTES
    assert peak < 8 * MEGABYTES


def later() -> datetime:
    """A cut that makes everything old."""
    return datetime.now(UTC) + timedelta(hours=1)


def test_what_is_old_and_not_referenced_is_collected(blobs: BlobStore) -> None:
    wanted, _ = put(blobs, ONE), put(blobs, OTHER)
    assert collect_blobs(blobs, [wanted], older_than=later()) == Collected(
        count=1, bytes=len(OTHER)
    )
    assert keys(blobs.list("")) == [wanted]


def test_what_is_young_is_spared(blobs: BlobStore) -> None:
    key = put(blobs, ONE)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert collect_blobs(blobs, [], older_than=hour_ago) == Collected(count=0, bytes=0)
    assert read(blobs, key) == ONE


def test_only_what_is_under_the_prefix_is_collected(blobs: BlobStore) -> None:
    put(blobs, ONE, "roster/1")
    other = put(blobs, ONE, "timetable/1")
    collected = collect_blobs(blobs, [], older_than=later(), prefix="roster/")
    assert collected == Collected(count=1, bytes=len(ONE))
    assert keys(blobs.list("")) == [other]


def test_collecting_again_finds_nothing(blobs: BlobStore) -> None:
    put(blobs, ONE)
    assert collect_blobs(blobs, [], older_than=later()).count == 1
    assert collect_blobs(blobs, [], older_than=later()) == Collected(count=0, bytes=0)


def test_what_a_writer_comes_to_need_again_is_spared(blobs: BlobStore) -> None:
    cut = stored(blobs, put(blobs, ONE)).last_modified + timedelta(microseconds=1)

    def referenced() -> Iterator[str]:
        """While the references are read, a writer puts the blob, and has no reference yet."""
        put_until_not_before(blobs, ONE, cut)
        yield from ()

    assert collect_blobs(blobs, referenced(), older_than=cut) == Collected(count=0, bytes=0)
    assert read(blobs, key_of(ONE)) == ONE
