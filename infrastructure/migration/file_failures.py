"""What a disk that is full, or a file that is not to be had, is told as."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class FileFailed(DynastrataError):
    """A file or folder of the migration cannot be read or written."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@contextmanager
def file_failures(path: Path) -> Iterator[None]:
    """Raises `FileFailed` for what the system, or SQLite, raises."""
    try:
        yield
    except OSError as error:
        raise FileFailed(str(path), error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise FileFailed(str(path), str(error)) from error
