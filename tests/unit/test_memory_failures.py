"""Failures in memory do not pile up."""

from __future__ import annotations

from datetime import timedelta

from infrastructure.memory.tables.failures import KEPT, MemoryFailureTable
from tests.times import NOW

MINUTE = timedelta(minutes=1)


def test_windows_that_have_ended_are_removed_and_those_that_run_are_not() -> None:
    table = MemoryFailureTable()
    table.add("long", 7, NOW, NOW + 60 * MINUTE)
    for n in range(KEPT - 1):
        table.add(f"short-{n}", 1, NOW, NOW + MINUTE)
    assert len(table._windows) == KEPT

    table.add("new", 1, NOW + MINUTE, NOW + 2 * MINUTE)

    assert table._windows.keys() == {"long", "new"}
    running = table.window("long", NOW + MINUTE)
    assert running is not None
    assert running.failures == 7


def test_windows_that_all_run_are_all_kept() -> None:
    table = MemoryFailureTable()
    keys = [f"key-{n}" for n in range(2 * KEPT)]

    for key in keys:
        table.add(key, 1, NOW, NOW + MINUTE)

    assert [table.add(key, 1, NOW, NOW + MINUTE) for key in keys] == [2] * len(keys)
