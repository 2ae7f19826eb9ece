"""Sixteen failures at once, round after round: all are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from infrastructure.system.failure_windows import FailureWindow
from tests.failures import WINDOW, add, failure_table, window
from tests.race.races import WRITERS, Start, race, rounds_on
from tests.stores import Store
from tests.times import NOW

pytestmark = pytest.mark.race


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    """Or else each would be done in memory before the next one has its turn."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
@pytest.mark.parametrize("left_over", [0, 7], ids=["new key", "window that has ended"])
def test_no_failure_is_lost_where_a_window_begins(
    racing_store: Store, start: Start, left_over: int
) -> None:
    table = failure_table(racing_store)
    for number in range(rounds_on(racing_store)):
        key = f"key-{number}"
        for _ in range(left_over):
            add(table, NOW - WINDOW, key)

        def count(_: int, ready: Callable[[], None], key: str = key) -> int:
            ready()
            return add(table, NOW, key)

        assert sorted(race(count, start), key=str) == sorted(range(1, WRITERS + 1), key=str)
        assert window(table, NOW, key) == FailureWindow(WRITERS, NOW + WINDOW)
