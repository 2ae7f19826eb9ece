"""A file of lines that grows at its end and is never ahead of what it says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from typing_extensions import override

from infrastructure.migration.disk import file_failures, sync_folder

_SPARED = 0o600
"""Keys and values of people are in these files: they are for whoever runs the migration."""


class AppendFile(AbstractContextManager["AppendFile"]):
    """Lines, each of which survives a crash of the machine once `append` has returned.

    A line that a crash has torn is one without an end: `lines` leaves it out. Raises `FileFailed`
    where the disk is full, or the file is none that can be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with file_failures(path):
            existed = path.exists()
            self._file: IO[bytes] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, _SPARED), "r+b")
            if not existed:
                sync_folder(path.parent)

    def lines(self) -> list[bytes]:
        """The whole lines, without their ends."""
        with file_failures(self.path):
            self._file.seek(0)
            return self._file.read().split(b"\n")[:-1]

    def cut(self, size: int) -> None:
        """Forgets what is behind so many bytes; the next line comes there."""
        with file_failures(self.path):
            self._file.truncate(size)
            self._file.seek(size)
            self._sync()

    @property
    def size(self) -> int:
        """Bytes."""
        return self._file.seek(0, os.SEEK_END)

    def append(self, lines: Sequence[bytes]) -> int:
        """Adds lines and returns how many bytes there are then."""
        if lines:
            with file_failures(self.path):
                self._file.seek(0, os.SEEK_END)
                self._file.write(b"".join(line + b"\n" for line in lines))
                self._sync()
        return self.size

    @override
    def __exit__(self, *_: object) -> None:
        with file_failures(self.path):  # what could not be written is tried once more
            self._file.close()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
