"""The reject file: a line of JSON for each row that became no item, with the reason.

The format is stored: `{"table", "entity", "key": {column: value}, "column", "reason"}`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import orjson
from attrs import asdict

from infrastructure.migration.rows import Reject
from infrastructure.migration.run.append_file import AppendFile
from infrastructure.migration.run.checkpoint import CheckpointDamaged


class RejectFile:
    """Grows with each task that is done. One process has it open."""

    def __init__(self, file: AppendFile, end: int) -> None:
        """Forgets what is behind `end`: it is of tasks that are done again.

        Raises `CheckpointDamaged` where the file is shorter than that.
        """
        self._file = file
        if self._file.size < end:
            reason = f"the checkpoint knows of {end} bytes, of which some are gone"
            raise CheckpointDamaged(str(file.path), len(self._file.lines()) + 1, reason)
        self._file.cut(end)

    def add(self, rejects: Sequence[Reject]) -> int:
        """Returns how many bytes there are then. They survive a crash of the machine."""
        return self._file.append([_line(each) for each in rejects])


def _line(reject: Reject) -> bytes:
    return orjson.dumps(asdict(reject), default=_text)


def _text(value: object) -> str:
    """What JSON has no form for; bytes as base64."""
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
