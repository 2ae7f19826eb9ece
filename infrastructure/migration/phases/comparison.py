"""Dual-read: the side that follows is read, too, and a difference is told and queued."""

from __future__ import annotations

import structlog
from attrs import frozen

from infrastructure.dynamodb.items import Item, Value, key_text
from infrastructure.migration.conversion.typed import python
from infrastructure.migration.phases.move import REFUSED, Move
from infrastructure.migration.phases.phase import Phase, Side

DIFFERS = "both sides were read and differ"

logger = structlog.get_logger(__name__)


@frozen
class Comparison:
    """Compares what was read with what the side says that follows."""

    _move: Move

    def compare(self, key: Item, read: Item | None) -> None:
        """Tells of a difference that no writer explains, and leaves an entry for repair.

        Raises nothing that the follower causes: its failure is told, and is nobody's answer.
        """
        try:
            following = self._move.target.read(key)
            if differences(read, following):
                self._look_again(key)
        except REFUSED as error:
            where = {"table": self._move.table.name, "key": key_text(key)}
            logger.warning("the sides were not compared", **where, error=type(error).__name__)

    def _look_again(self, key: Item) -> None:
        """Compares once more while nobody writes the key: a writer may have been at work."""
        move = self._move
        held = move.journal.try_hold(move.table.name, key, Side.TARGET)
        if held is None:
            return
        if held.was_behind:
            move.give_up(held, DIFFERS)  # it is known
            return
        if move.switch.now().phase is not Phase.DUAL_READ:
            move.remove(held)  # and the entry must not say the opposite of what holds now
            return
        found = differences(move.source.read(key), move.target.read(key))
        if found:
            move.telemetry.differs(move.table.name, key, found)
            move.leave(held, DIFFERS)
        else:
            move.remove(held)


def differences(one: Item | None, other: Item | None) -> list[str]:
    """The attributes in which two items differ; those of the key alone where one is not there."""
    if one is None or other is None:
        return [] if one is other else sorted(one or other or ())
    return [
        name for name in sorted({*one, *other}) if _said(one.get(name)) != _said(other.get(name))
    ]


def _said(value: Value | None) -> object:
    """A value without the order of sets or the notation of numbers."""
    return None if value is None else (next(iter(value)), python(value))
