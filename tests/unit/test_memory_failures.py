"""Failures in memory do not pile up."""

from __future__ import annotations

from datetime import datetime, timedelta

from infrastructure.memory.tables.failures import KEPT, MemoryFailureTable
from tests.times import NOW

MINUTE = timedelta(minutes=1)


def test_windows_that_have_ended_are_removed_and_those_that_run_are_not() -> None:
    table = MemoryFailureTable()
    add(table, "long", NOW, minutes=60)
    for n in range(KEPT - 1):
        add(table, f"short-{n}", NOW)
    assert len(table._windows) == KEPT

    add(table, "new", NOW + MINUTE)

    assert table._windows.keys() == {"long", "new"}
    assert add(table, "long", NOW + MINUTE) == 2


def test_a_table_that_is_large_for_good_is_swept_when_it_is_twice_as_large() -> None:
    table = MemoryFailureTable()
    running = [f"running-{n}" for n in range(KEPT + 1)]
    for key in running:
        add(table, key, NOW, minutes=60)
    for n in range(KEPT - 9):
        add(table, f"short-{n}", NOW)
    new = [f"new-{n}" for n in range(10)]
    for key in new:
        add(table, key, NOW + MINUTE)
    assert len(table._windows) == 2 * len(running)

    add(table, "one more", NOW + MINUTE)

    assert table._windows.keys() == {*running, *new, "one more"}


def test_windows_that_all_run_are_all_kept() -> None:
    table = MemoryFailureTable()
    keys = [f"key-{n}" for n in range(2 * KEPT)]

    for key in keys:
        add(table, key, NOW)

    assert [add(table, key, NOW) for key in keys] == [2] * len(keys)


def add(table: MemoryFailureTable, key: str, now: datetime, *, minutes: int = 1) -> int:
    return table.add(key, 1, now=now, latest=now + 120 * MINUTE, until=now + minutes * MINUTE)
