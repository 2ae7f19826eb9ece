"""Positions that are remembered for a while, no more than so many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from domain.tagged_events import Position

MAX_REMEMBERED = 10_000


class Remembered:
    """A set of positions in the order in which they came. The oldest goes where it is full."""

    def __init__(self, positions: Iterable[Position] = (), limit: int = MAX_REMEMBERED) -> None:
        self._limit = limit
        self._positions: dict[Position, None] = {}
        for position in positions:
            self.add(position)

    def __iter__(self) -> Iterator[Position]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, position: Position) -> None:
        """Remembers it."""
        self._positions[position] = None
        if len(self._positions) > self._limit:
            del self._positions[next(iter(self._positions))]

    def discard(self, position: Position) -> bool:
        """Forgets it; whether it was there."""
        if position not in self._positions:
            return False
        del self._positions[position]
        return True

    def discard_taken_before(self, microsecond: int) -> None:
        """Forgets the first of them, as long as they were taken before then."""
        while self._positions:
            first = next(iter(self._positions))
            if first.microsecond >= microsecond:
                return
            del self._positions[first]

    def in_order(self) -> deque[Position]:
        """All of them, the lowest first."""
        return deque(sorted(self._positions, key=str))
