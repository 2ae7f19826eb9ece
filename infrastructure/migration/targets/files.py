"""Items into files that the service's own import from S3 reads.

DynamoDB JSON, compressed by gzip, one item a line. The import takes up to 50,000 objects. Source:
Amazon DynamoDB Developer Guide, "DynamoDB import formats", "Quotas".
"""

from __future__ import annotations

import gzip
import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import IO
from urllib.parse import quote

import orjson
from typing_extensions import override

from infrastructure.dynamodb.items import Item
from infrastructure.migration.disk import file_failures, sync_folder
from infrastructure.migration.targets.target import Target, WriteItems
from infrastructure.migration.tasks import Task

SUFFIX = ".json.gz"

_COMPRESSION = 6
"""Of 9: what lies above costs twice the time for a few percent."""


_CLAIMS_IN_A_FILE = 20_000


class FileTarget(Target):
    """A file for each task, in a folder for each table. It has its name once it is whole."""

    def __init__(self, folder: Path, physical: Callable[[str], str]) -> None:
        self._folder = folder
        self._physical = physical

    @override
    @contextmanager
    def open(self, task: Task) -> Iterator[WriteItems]:
        name = f"{quote(task.entity, safe=' ')}-{task.number:06d}{SUFFIX}"
        with new_file(self._folder / self._physical(task.table), name) as file:

            def write(items: Sequence[Item]) -> float:
                file.writelines(item_line(item) for item in items)
                return 0.0  # an import takes none

            yield write


@contextmanager
def new_file(folder: Path, name: str) -> Iterator[IO[bytes]]:
    """A compressed file that takes its name, and the place of one that has it, when it is whole.

    Raises `FileFailed`.
    """
    path, unfinished = folder / name, folder / f".{name}.unfinished"
    with file_failures(path), _made(unfinished) as file:
        # Without name and time, so that the same items make the same file.
        with gzip.GzipFile("", "wb", _COMPRESSION, file, mtime=0) as lines:
            yield lines  # type: ignore[misc]  # it has what `IO` asks for, but no such base
        file.flush()
        os.fsync(file.fileno())
    with file_failures(path):
        unfinished.replace(path)
        sync_folder(folder)


@contextmanager
def _made(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        yield file


def write_claim_files(folder: Path, claims: Iterable[Item]) -> None:
    """The items of the table of claims, in files of a bounded size."""
    remaining = iter(claims)
    for number in count():
        part = list(islice(remaining, _CLAIMS_IN_A_FILE))
        if not part:
            return
        with new_file(folder, f"claims-{number:06d}{SUFFIX}") as file:
            file.writelines(map(item_line, part))


def item_line(item: Item) -> bytes:
    """An item as a line of an import; binary values are in base64."""
    return orjson.dumps({"Item": item}, default=_text, option=orjson.OPT_APPEND_NEWLINE)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} stands in no item")
