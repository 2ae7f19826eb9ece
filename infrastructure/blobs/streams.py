"""Moving streams of bytes without holding them in memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from io import BytesIO, RawIOBase
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from typing_extensions import Buffer, override

from application.ports.blob_store import BlobCorrupted

GZIP = 16 + zlib.MAX_WBITS
"""For `zlib`: with the header and the checksum of gzip, and no time in it: same data, same bytes"""

CHUNK = 256 * 1024
"""Bytes that are read at once."""

MAX_IN_MEMORY = 1024 * 1024
"""Bytes of one blob in memory; what is larger goes to a temporary file."""


def spool() -> SpooledTemporaryFile[bytes]:
    """A place for the bytes of one blob, in memory or in a temporary file, gone when closed."""
    return SpooledTemporaryFile(MAX_IN_MEMORY)


def as_stream(content: bytes | IO[bytes]) -> IO[bytes]:
    """Bytes as a stream; a stream rewound."""
    if isinstance(content, bytes):
        return BytesIO(content)
    content.seek(0)
    return content


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


class Translated(RawIOBase):
    """A stream for reading, whose failures are translated by the context that `translate` makes."""

    def __init__(self, raw: Any, translate: Callable[[], AbstractContextManager[None]]) -> None:
        self._raw = raw
        self._translate = translate

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer) -> int:
        with self._translate():
            count: int = self._raw.readinto(buffer)
            return count

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


def verified(stored: IO[bytes], key: str, expected: str) -> IO[bytes]:
    """All of a stream, which it closes, at its beginning; to be closed.

    Raises `BlobCorrupted` unless its SHA-256 is the expected one, which vouches for its length too.
    """
    content = spool()
    try:
        with stored:
            found = _copy(stored, content)
        if found == expected:
            content.seek(0)
            return content
    except BaseException:
        content.close()
        raise
    content.close()
    raise BlobCorrupted(key, expected, found)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = sha256()
    for chunk in chunks_of(source):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
