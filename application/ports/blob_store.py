"""Blobs: what is too large for an item, under keys that end with its hash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Protocol

from attrs import frozen

from domain.errors import DynastrataError


@frozen(kw_only=True)
class Blob:
    """A reference to a blob: what an item holds instead of the bytes. Sizes are in bytes.

    `sha256` is the hash in hexadecimal of what is stored, which is compressed. `provider` names the
    kind of store that it was put into.
    """

    key: str
    provider: str
    sha256: str
    original_size: int
    compressed_size: int


@frozen(kw_only=True)
class StoredBlob:
    """A blob as a store lists it. `size` is in bytes; `last_modified` is of its last put, in UTC.

    `last_modified` is by the clock of the store, and may be cut to whole seconds.
    """

    key: str
    size: int
    last_modified: datetime


@frozen
class BlobMissing(DynastrataError):
    """The store has no blob under this key. `provider` is the store's."""

    key: str
    provider: str

    def __str__(self) -> str:
        return f"{self.provider} has no blob {self.key}"


@frozen
class BlobCorrupted(DynastrataError):
    """A blob is not what was put: too short, too long or changed. Both hashes are SHA-256."""

    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"the blob {self.key} is corrupted: its hash is {self.found}, not {self.expected}"


class BlobStore(Protocol):
    """Keeps blobs under keys `<folder>/.../<SHA-256 in hexadecimal>.bin`. For any thread.

    Because a key holds the hash of its content, a key has one content for ever, and any request may
    be sent again. So no outcome is ever in doubt for long: where a `StorageError` has
    `maybe_applied`, a put may have stored the blob and a delete may have removed it, and doing it
    again settles it.

    The parts of a key, but the last, are letters, digits, `_`, `-`, and `.` between these; at most
    512 characters in all. Every method raises `InvalidValue` for another key or prefix.
    Every method, and reading what `open` gave, raises a `StorageError`: `Unreachable`, `Throttled`,
    `ServiceFault`, `AccessDenied`, `RequestRejected`, or `ResourceMissing` for a missing bucket.
    """

    @property
    def provider(self) -> str:
        """What kind of store this is: `memory`, `file` or `s3`. References are stored with it."""
        ...

    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        """Stores a blob, whole or not at all.

        The caller vouches that the content has the hash in the key. A stream must be able to seek:
        it is read from its beginning, and left open. Where the key is there already it is put
        again, so that its `last_modified` is now: who relies on a blob that is there puts it, and
        thereby keeps it from being collected.
        """
        ...

    def open(self, key: str) -> IO[bytes]:
        """A stream of the bytes of a blob, to be closed. Raises `BlobMissing`.

        What it gives is not compared with the hash: `Offload` does that.
        """
        ...

    def delete(self, key: str, *, older_than: datetime | None = None) -> bool:
        """Removes a blob. With `older_than` only if it was last put before that timestamp.

        Whether it was removed: False where there is none, or a younger one. A store that counts
        whole seconds may also spare one that is less than a second older.
        """
        ...

    def list(self, prefix: str) -> Iterator[StoredBlob]:
        """The blobs whose keys begin with this, in any order, read as they are asked for.

        A prefix is whole parts of a key and ends with `/`, or is empty: all blobs. What somebody
        else keeps in the same place, under names that are no keys, is left out.
        """
        ...
