"""A cache of blobs that were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import SEEK_END
from pathlib import Path
from threading import Lock
from typing import IO, Any

import structlog
from typing_extensions import override

from application.errors import StorageError
from application.ports.blob_store import BlobCorrupted, BlobMissing, BlobStore, StoredBlob
from infrastructure.blobs.file import FileBlobStore
from infrastructure.blobs.keys import sha256_of
from infrastructure.blobs.streams import verified


class CachedBlobStore(BlobStore):
    """Another store, with a copy in a local folder of what was read from it.

    What it reads, it compares with the hash in the key: a damaged copy is fetched again, and a
    blob that is damaged in the store itself is `BlobCorrupted`. A key has one content for ever, so
    no copy is out of date; one of a blob that was removed elsewhere may still be read.

    The copies have at most `max_bytes` together, but for what is being written: the least recently
    read go first. Processes may share the folder. Where it cannot be written or read, that is
    logged, and the store is read.
    """

    def __init__(self, store: BlobStore, folder: Path, max_bytes: int) -> None:
        self._store = store
        self._copies = FileBlobStore(folder)
        self._max_bytes = max_bytes
        self._removing = Lock()
        self._log: Any = structlog.get_logger()

    @property
    @override
    def provider(self) -> str:
        return self._store.provider

    @override
    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        self._store.put(key, content)

    @override
    def open(self, key: str) -> IO[bytes]:
        copied = self._copy_of(key)
        return self._fetched(key) if copied is None else copied

    @override
    def delete(self, key: str, *, older_than: datetime | None = None) -> bool:
        removed = self._store.delete(key, older_than=older_than)
        if removed:
            self._forget(key)
        return removed

    @override
    def list(self, prefix: str) -> Iterator[StoredBlob]:
        return self._store.list(prefix)

    def _copy_of(self, key: str) -> IO[bytes] | None:
        try:
            self._copies.touch(key)
            return verified(self._copies.open(key), key, sha256_of(key))
        except BlobMissing:
            return None
        except (BlobCorrupted, StorageError) as error:
            self._log.warning("cached blob unreadable", key=key, error=str(error))
            return None

    def _fetched(self, key: str) -> IO[bytes]:
        fetched = verified(self._store.open(key), key, sha256_of(key))
        try:
            if fetched.seek(0, SEEK_END) <= self._max_bytes:
                self._copies.put(key, fetched)
                self._make_room()
        except StorageError as error:
            self._log.warning("blob cache unwritable", key=key, error=str(error))
        fetched.seek(0)
        return fetched

    def _forget(self, key: str) -> None:
        try:
            self._copies.delete(key)
        except StorageError as error:
            self._log.warning("blob cache unwritable", key=key, error=str(error))

    def _make_room(self) -> None:
        with self._removing:
            copies = sorted(self._copies.list(""), key=lambda copied: copied.last_modified)
            excess = sum(copied.size for copied in copies) - self._max_bytes
            for copied in copies:
                if excess <= 0:
                    return
                self._copies.delete(copied.key)
                excess -= copied.size
