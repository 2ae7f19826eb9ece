"""What only the store in a folder has to get right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from typing_extensions import override

from application.errors import AccessDenied, ServiceFault
from application.ports.blob_store import BlobMissing, BlobStore
from infrastructure.blobs.file import UNFINISHED, FileBlobStore
from tests.blobs import key_of, keys, noise, put, read

ONE = b"one"
KEY = key_of(ONE)


class Breaking(BytesIO):
    """A stream that ends in an error, after a part of it was read."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(10)


def test_two_stores_of_one_folder_are_one(tmp_path: Path) -> None:
    put(FileBlobStore(tmp_path), ONE)
    assert read(FileBlobStore(tmp_path), KEY) == ONE


def test_a_blob_is_a_file_under_its_key(tmp_path: Path) -> None:
    put(FileBlobStore(tmp_path / "made"), ONE)
    assert (tmp_path / "made" / KEY).read_bytes() == ONE


def test_a_put_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    with pytest.raises(ServiceFault, match="Input/output error"):
        store.put(KEY, Breaking(noise(100)))
    with pytest.raises(BlobMissing):
        store.open(KEY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_put_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    put(store, ONE)
    with pytest.raises(ServiceFault):
        store.put(KEY, Breaking(noise(100)))
    assert read(store, KEY) == ONE


def test_a_blob_whose_path_is_taken_by_a_file_leaves_nothing_unfinished(tmp_path: Path) -> None:
    (tmp_path / "roster").write_bytes(b"a file")
    with pytest.raises(ServiceFault):
        put(FileBlobStore(tmp_path), ONE)
    assert list((tmp_path / UNFINISHED).iterdir()) == []


def test_what_a_crash_left_is_removed_once_it_is_a_day_old(tmp_path: Path) -> None:
    folder = tmp_path / UNFINISHED
    folder.mkdir()
    left, at_work = folder / "left", folder / "at-work"
    for file in (left, at_work):
        file.write_bytes(ONE)
    day_ago = time.time() - 25 * 60 * 60
    os.utime(left, (day_ago, day_ago))
    put(FileBlobStore(tmp_path), ONE)
    assert list(folder.iterdir()) == [at_work]


def test_files_of_others_are_not_listed(tmp_path: Path) -> None:
    for name in ("notes.txt", "short.bin", f".unfinished/{KEY}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(ONE)
    assert keys(FileBlobStore(tmp_path).list("")) == []


@pytest.mark.parametrize(
    "operation",
    [
        lambda store: store.put(KEY, ONE),
        lambda store: store.open(KEY),
        lambda store: store.delete(KEY),
    ],
)
def test_a_folder_that_is_a_file_is_a_fault_that_names_both(
    tmp_path: Path, operation: Callable[[BlobStore], object]
) -> None:
    (tmp_path / "folder").write_bytes(ONE)
    with pytest.raises(ServiceFault) as fault:
        operation(FileBlobStore(tmp_path / "folder"))
    assert (fault.value.table, fault.value.key) == (str(tmp_path / "folder"), KEY)


def test_a_folder_that_may_not_be_written_is_no_access(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("infrastructure.blobs.file.NamedTemporaryFile", refused)
    with pytest.raises(AccessDenied):
        put(FileBlobStore(tmp_path), ONE)
