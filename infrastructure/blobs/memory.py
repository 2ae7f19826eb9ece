"""Blobs in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from threading import Lock
from typing import IO

from attrs import frozen
from typing_extensions import override

from application.ports.blob_store import BlobMissing, BlobStore, StoredBlob
from application.ports.clock import Clock
from infrastructure.blobs.keys import check_prefix, sha256_of
from infrastructure.blobs.streams import as_stream


@frozen
class _Kept:
    content: bytes
    last_modified: datetime


class MemoryBlobStore(BlobStore):
    """Blobs of one process, forgotten when it ends."""

    provider = "memory"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._blobs: dict[str, _Kept] = {}

    @override
    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        sha256_of(key)
        whole = as_stream(content).read()
        with self._lock:
            self._blobs[key] = _Kept(whole, self._clock.now())

    @override
    def open(self, key: str) -> IO[bytes]:
        sha256_of(key)
        kept = self._blobs.get(key)
        if kept is None:
            raise BlobMissing(key, self.provider)
        return BytesIO(kept.content)

    @override
    def delete(self, key: str, *, older_than: datetime | None = None) -> bool:
        sha256_of(key)
        with self._lock:
            kept = self._blobs.get(key)
            if kept is None or (older_than is not None and kept.last_modified >= older_than):
                return False
            del self._blobs[key]
            return True

    @override
    def list(self, prefix: str) -> Iterator[StoredBlob]:
        check_prefix(prefix)
        with self._lock:
            found = [(key, kept) for key, kept in self._blobs.items() if key.startswith(prefix)]
        return iter(
            [
                StoredBlob(key=key, size=len(kept.content), last_modified=kept.last_modified)
                for key, kept in found
            ]
        )
