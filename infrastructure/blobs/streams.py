"""Moving streams of bytes without holding them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

CHUNK = 256 * 1024
"""Bytes that are read at once."""

MAX_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of one blob that are held in memory; what is larger goes to a temporary file."""


def spool() -> SpooledTemporaryFile[bytes]:
    """A place for the bytes of one blob, in memory or in a temporary file, gone when closed."""
    return SpooledTemporaryFile(MAX_IN_MEMORY)


def as_stream(content: bytes | IO[bytes]) -> IO[bytes]:
    """Bytes as a stream; a stream as it is."""
    return BytesIO(content) if isinstance(content, bytes) else content


def chunks_of(data: bytes | IO[bytes] | Iterable[bytes]) -> Iterator[bytes]:
    """The bytes piece by piece; pieces that are given stay as they are."""
    if isinstance(data, bytes):
        data = BytesIO(data)
    read = getattr(data, "read", None)
    if read is None:
        yield from data
        return
    # A stream is also an iterable, of lines: one line may be all there is.
    while chunk := read(CHUNK):
        yield chunk


def copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copies what is left of a stream; its SHA-256 in hexadecimal."""
    digest = sha256()
    for chunk in chunks_of(source):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
