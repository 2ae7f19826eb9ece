"""Blobs as files of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from threading import Lock
from time import time
from typing import IO

from typing_extensions import override

from application.errors import AccessDenied, ServiceFault
from application.ports.blob_store import BlobMissing, BlobStore, StoredBlob
from infrastructure.blobs.keys import check_prefix, is_key, sha256_of
from infrastructure.blobs.streams import CHUNK, Translated, as_stream

UNFINISHED = ".unfinished"
"""Where files are written before they get their names. No key begins with a dot."""

_ABANDONED_AFTER = 24 * 60 * 60
"""Seconds. An unfinished file that nobody wrote to for so long was left by a crash."""


class FileBlobStore(BlobStore):
    """Blobs in a folder, which is made when it is first needed; a key is a path in it.

    Several processes may share the folder. Among the threads of one, a blob that is put while it is
    deleted for its age stays; a put by another process at that very moment may be lost.
    """

    provider = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = Lock()

    @override
    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        """See the port. When it returns, the blob survives a crash of the machine."""
        path = self._path(key)
        with self._translated("put", key):
            self._remove_abandoned()
            written = self._write(as_stream(content))
            try:
                with self._changing:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    written.replace(path)
            except OSError:
                written.unlink()
                raise
            _sync_folder(path.parent)

    @override
    def open(self, key: str) -> IO[bytes]:
        path = self._path(key)
        with self._translated("open", key):
            try:
                file = path.open("rb", buffering=0)
            except FileNotFoundError:
                raise BlobMissing(key, self.provider) from None
        translate = partial(self._translated, "read", key)
        return BufferedReader(Translated(file, translate), CHUNK)

    @override
    def delete(self, key: str, *, older_than: datetime | None = None) -> bool:
        path = self._path(key)
        with self._translated("delete", key), self._changing:
            try:
                if older_than is not None and _modified(path.stat()) >= older_than:
                    return False
                path.unlink()
            except FileNotFoundError:
                return False
            return True

    @override
    def list(self, prefix: str) -> Iterator[StoredBlob]:
        check_prefix(prefix)
        return self._found(self._folder / prefix)

    def touch(self, key: str) -> None:
        """Makes the blob's `last_modified` now, where it is there."""
        path = self._path(key)
        with self._translated("touch", key):
            try:
                os.utime(path)
            except FileNotFoundError:
                return

    def _found(self, folder: Path) -> Iterator[StoredBlob]:
        for path in folder.rglob("*.bin"):
            key = path.relative_to(self._folder).as_posix()
            with self._translated("list", key):
                if not is_key(key):
                    continue
                try:
                    facts = path.stat()
                except FileNotFoundError:  # deleted since
                    continue
            yield StoredBlob(key=key, size=facts.st_size, last_modified=_modified(facts))

    def _path(self, key: str) -> Path:
        sha256_of(key)
        return self._folder / key

    def _write(self, content: IO[bytes]) -> Path:
        """The whole content in a file that has no name yet that anybody would look for."""
        folder = self._folder / UNFINISHED
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            path = Path(file.name)
            try:
                copyfileobj(content, file, CHUNK)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                path.unlink()
                raise
        return path

    def _remove_abandoned(self) -> None:
        for path in (self._folder / UNFINISHED).glob("*"):
            try:
                if time() - path.stat().st_mtime > _ABANDONED_AFTER:
                    path.unlink()
            except FileNotFoundError:  # finished since
                continue

    @contextmanager
    def _translated(self, operation: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kind = AccessDenied if isinstance(error, PermissionError) else ServiceFault
            raise kind(
                operation=operation, table=str(self._folder), key=key, detail=str(error.strerror)
            ) from error


def _modified(facts: os.stat_result) -> datetime:
    return datetime.fromtimestamp(facts.st_mtime, UTC)


def _sync_folder(folder: Path) -> None:
    """Makes the names in a folder last. Windows opens no folders, and needs no such thing."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
