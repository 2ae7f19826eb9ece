"""Where in a row of an answer a value stands, and how it is read."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from attrs import frozen

from infrastructure.migration.rows import Unreadable

_BYTES_OF_A_CHARACTER = 4
"""At most."""


@frozen
class Cell:
    """The place of a value, or of the several of a tuple."""

    name: str
    places: tuple[int, ...]

    def read(self, row: Sequence[object]) -> object:
        """The value, or the tuple."""
        if len(self.places) == 1:
            return row[self.places[0]]
        return tuple(row[place] for place in self.places)


@frozen
class SingleCell(Cell):
    """A `float`, read as a `double`: the server prints it with too few digits."""

    def read(self, row: Sequence[object]) -> object:
        """The shortest number that is this one in single precision."""
        value = row[self.places[0]]
        if not isinstance(value, float):
            return value
        single = struct.pack("f", value)
        shorter = (float(f"{value:.{digits}g}") for digits in range(6, 10))
        return next(each for each in shorter if struct.pack("f", each) == single)


@frozen
class OtherwiseCell(Cell):
    """What a lookup found; or `otherwise`, where its condition or what it looks for is missing."""

    found: Cell
    otherwise: str
    holds: int | None
    """Where the condition's outcome stands."""

    def read(self, row: Sequence[object]) -> object:
        """What was found, or `otherwise`."""
        value = self.found.read(row)
        is_missing = value is None if self.holds is None else not row[self.holds]
        return self.otherwise if is_missing else value


@frozen
class JsonCell(Cell):
    """The maps of a collection, with commas between them, or NULL."""

    is_list: bool
    limit: int
    """Where the number of bytes stands after which the server cuts the text off."""

    def read(self, row: Sequence[object]) -> object:
        """The text of an array; `None` where one map is wanted and none was found."""
        text = row[self.places[0]]
        if text is None:
            return "[]" if self.is_list else None
        if self.is_list and _may_be_cut(str(text), int(str(row[self.limit]))):
            return Unreadable(f"is a list of more than the {row[self.limit]} bytes that are read")
        return f"[{text}]"


def _may_be_cut(text: str, limit: int) -> bool:
    # Cut off between two characters, it is up to three bytes shorter than the limit.
    is_near = len(text) * _BYTES_OF_A_CHARACTER >= limit - _BYTES_OF_A_CHARACTER
    return is_near and len(text.encode()) > limit - _BYTES_OF_A_CHARACTER
