"""What is asked of a disk, and how it is told that it refuses."""

from __future__ import annotations

import os
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


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last. Windows opens no folders, and needs no such thing."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
