"""Compressing the data of a state as far as an item could hold it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from gzip import GzipFile
from io import BytesIO
from itertools import chain
from typing import IO, cast

from attrs import field, frozen

from infrastructure.blobs.streams import CHUNK, GZIP, chunks_of


@frozen
class Packed:
    """Data as far as it was compressed. `rest` is what is left of it where that was not all."""

    compressed: bytes = field(repr=False)
    original_size: int
    rest: Iterator[bytes] | None = None

    def chunks(self) -> Iterator[bytes]:
        """All of the data again, piece by piece."""
        return chain(_chunks(self.compressed), self.rest or ())


def pack(data: bytes | Iterable[bytes], limit: int) -> Packed:
    """Compresses data, until it is all or comes to more than `limit` bytes."""
    compressor, compressed, original_size = zlib.compressobj(wbits=GZIP), BytesIO(), 0
    chunks = chunks_of(data)
    for chunk in chunks:
        compressed.write(compressor.compress(chunk))
        original_size += len(chunk)
        if compressed.tell() > limit:
            # So that what was taken in so far can be told from what is there of it.
            compressed.write(compressor.flush(zlib.Z_SYNC_FLUSH))
            return Packed(compressed.getvalue(), original_size, chunks)
    compressed.write(compressor.flush())
    return Packed(compressed.getvalue(), original_size)


def unpack(compressed: bytes) -> IO[bytes]:
    """A stream of what was packed as a whole. Raises `ValueError` where it is damaged."""
    stream = GzipFile(fileobj=BytesIO(compressed), mode="rb")
    try:
        while stream.read(CHUNK):
            pass
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"its data is damaged: {error}") from error
    stream.seek(0)
    return cast("IO[bytes]", stream)


def _chunks(compressed: bytes) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(wbits=GZIP)
    left = compressed
    while chunk := decompressor.decompress(left, CHUNK):
        yield chunk
        left = decompressor.unconsumed_tail
