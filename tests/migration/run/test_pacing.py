"""The pace of writes, on a clock that goes on only when somebody sleeps."""

from __future__ import annotations

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.migration.pacing import Pacing


@define
class SleepersClock:
    now: float = 100.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def paced(rate: float | None, clock: SleepersClock) -> Pacing:
    return Pacing(rate, lambda: clock.now, clock.sleep)


@given(st.lists(st.tuples(st.floats(0.5, 400), st.floats(0, 3)), min_size=1, max_size=30))
def test_no_write_begins_before_those_ahead_of_it_have_had_their_time(
    writes: list[tuple[float, float]],
) -> None:
    clock = SleepersClock()
    pacing = paced(50, clock)
    began: list[float] = []
    for units, seconds in writes:
        pacing.wait()
        began.append(clock.now)
        clock.now += seconds  # the write takes its time, too
        pacing.spent(units)
    for first in range(len(writes)):
        for last in range(first + 1, len(writes)):
            units = sum(units for units, _ in writes[first:last])
            assert began[last] - began[first] >= units / 50 - 1e-6


def test_writes_that_cost_less_than_is_allowed_wait_for_nothing() -> None:
    clock = SleepersClock()
    pacing = paced(50, clock)
    for _ in range(10):
        pacing.wait()
        clock.now += 1
        pacing.spent(50)
    assert clock.now == 110


def test_a_pause_of_the_writer_is_not_saved_up() -> None:
    clock = SleepersClock()
    pacing = paced(50, clock)
    clock.now += 60
    for _ in range(3):
        pacing.wait()
        pacing.spent(100)
    assert clock.now == pytest.approx(164)


def test_without_a_rate_nothing_waits() -> None:
    clock = SleepersClock()
    pacing = paced(None, clock)
    for _ in range(3):
        pacing.wait()
        pacing.spent(1000)
    assert clock.now == 100
