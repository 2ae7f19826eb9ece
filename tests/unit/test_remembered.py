"""Positions that are remembered: so many, and for so long."""

from __future__ import annotations

from domain.tagged_events import Position
from infrastructure.tagged_events.remembered import Remembered


def positions(*microseconds: int) -> list[Position]:
    return [Position.of(each, "event") for each in microseconds]


def test_the_one_that_came_first_goes_where_there_are_too_many() -> None:
    remembered = Remembered(positions(3, 1, 2), limit=2)
    assert list(remembered) == positions(1, 2)


def test_one_that_comes_again_is_remembered_once() -> None:
    assert list(Remembered(positions(1, 2, 1), limit=2)) == positions(1, 2)


def test_they_are_given_in_order_and_stay() -> None:
    remembered = Remembered(positions(3, 1, 2))
    assert list(remembered.in_order()) == positions(1, 2, 3)
    assert len(remembered) == 3


def test_forgetting_tells_whether_it_was_there() -> None:
    remembered = Remembered(positions(1))
    (one, two) = positions(1, 2)
    assert (remembered.discard(one), remembered.discard(one), remembered.discard(two)) == (
        *(True, False),
        False,
    )


def test_old_ones_are_forgotten() -> None:
    remembered = Remembered(positions(1, 2, 3))
    remembered.discard_taken_before(3)
    assert list(remembered) == positions(3)
    remembered.discard_taken_before(4)
    assert list(remembered) == []
