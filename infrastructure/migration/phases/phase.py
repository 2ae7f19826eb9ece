"""The phases of a move, and the steps between them. Their names are stored: never change one."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen
from typing_extensions import override

from domain.errors import Conflict


class Side(StrEnum):
    """One of the two stores."""

    SOURCE = "source"
    TARGET = "target"

    @property
    def other(self) -> Side:
        """The store that this one is not."""
        return Side.TARGET if self is Side.SOURCE else Side.SOURCE


class Phase(StrEnum):
    """How far a table's move is, in order."""

    SOURCE_ONLY = "source-only"
    DUAL_WRITE = "dual-write"
    DUAL_READ = "dual-read"
    TARGET_FIRST = "target-first"
    TARGET_ONLY = "target-only"

    @property
    def leader(self) -> Side:
        """The side that is read, and whose answer to a write is the caller's."""
        follows = self in (Phase.TARGET_FIRST, Phase.TARGET_ONLY)
        return Side.TARGET if follows else Side.SOURCE

    @property
    def following(self) -> Phase | None:
        """The phase after this one, if there is one."""
        return _at(_ORDER.index(self) + 1)

    @property
    def preceding(self) -> Phase | None:
        """The phase before this one, if there is one."""
        return _at(_ORDER.index(self) - 1)


_ORDER = tuple(Phase)


def _at(place: int) -> Phase | None:
    return _ORDER[place] if 0 <= place < len(_ORDER) else None


@frozen
class Switch:
    """What a table's switch says. `previous` is there while a step from it is under way.

    `number` counts what was written to it: 0 where it was never set.
    """

    phase: Phase = Phase.SOURCE_ONLY
    previous: Phase | None = None
    number: int = 0

    @property
    def changes_leader(self) -> bool:
        """Whether the other side led in the phase that some processes may believe in yet."""
        return self.previous is not None and self.previous.leader is not self.phase.leader

    def check_step(self, table: str, to: Phase | None) -> Phase:
        """The phase itself, if one step leads there. Raises `NoSuchStep`.

        From a step that is under way the only other one leads back to where it began.
        """
        allowed = (self.phase.following, self.phase.preceding)
        if self.previous is not None:
            allowed = (self.previous, None)
        if to is None or to not in allowed:
            raise NoSuchStep(table, self, to)
        return to


@frozen
class NoSuchStep(Conflict):
    """No single step leads to this phase from where the table is."""

    table: str
    at: Switch
    to: Phase | None

    @override
    def __str__(self) -> str:
        if self.to is None:
            return f"{self.table} is in {self.at.phase}: there is no phase beyond it"
        under_way = (
            f" and the step from {self.at.previous} is under way" if self.at.previous else ""
        )
        return f"{self.table} is in {self.at.phase}{under_way}: no step leads to {self.to}"
