"""Putting large values into a blob store, compressed, and reading them back, verified."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gzip import GzipFile
from hashlib import file_digest
from typing import IO, cast

from attrs import frozen

from application.ports.blob_store import Blob, BlobStore
from infrastructure.blobs.keys import blob_key
from infrastructure.blobs.streams import GZIP, chunks_of, spool, verified


@frozen
class Offload:
    """Values as compressed blobs. Neither way holds more than a few megabytes in memory.

    `threshold` is in bytes: what is larger, in the form in which an item would hold it, should go
    to the store.
    """

    store: BlobStore
    threshold: int

    def exceeds(self, size: int) -> bool:
        """Whether a value of so many bytes, as an item would hold it, is too large for one."""
        return size > self.threshold

    def put(self, folder: str, data: bytes | IO[bytes] | Iterable[bytes]) -> Blob:
        """Compresses and stores a value under `<folder>/<SHA-256 of what is stored>.bin`.

        Returns when it is stored, so that a reference never points at nothing. The same data is the
        same blob, which is put again: see `BlobStore.put`. A stream is read to its end and left
        open. Raises `InvalidValue` for a folder that no key can have, and what the store raises.
        """
        with spool() as compressed:
            original_size = _compress(data, compressed)
            compressed_size = compressed.tell()
            compressed.seek(0)
            found = file_digest(compressed, "sha256").hexdigest()
            key = blob_key(folder, found)
            self.store.put(key, compressed)
        return Blob(
            key=key,
            provider=self.store.provider,
            sha256=found,
            original_size=original_size,
            compressed_size=compressed_size,
        )

    @contextmanager
    def open(self, blob: Blob) -> Iterator[IO[bytes]]:
        """A stream of the original bytes. Nothing is handed out before all of it is verified.

        Raises `BlobMissing`, `BlobCorrupted` where what is stored is not what the reference says,
        and what the store raises; all of them on entering.
        """
        stored = self.store.open(blob.key)
        with (
            verified(stored, blob.key, blob.sha256) as compressed,
            GzipFile(fileobj=compressed, mode="rb") as original,
        ):
            yield cast("IO[bytes]", original)


def _compress(data: bytes | IO[bytes] | Iterable[bytes], target: IO[bytes]) -> int:
    """Writes data compressed; how many bytes there were."""
    compressor = zlib.compressobj(wbits=GZIP)
    size = 0
    for chunk in chunks_of(data):
        size += len(chunk)
        target.write(compressor.compress(chunk))
    target.write(compressor.flush())
    return size
