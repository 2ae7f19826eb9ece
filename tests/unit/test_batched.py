"""Sequences in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.batched import batched


@pytest.mark.parametrize(
    ("items", "size", "parts"),
    [
        ("", 3, []),
        ("a", 3, ["a"]),
        ("abc", 3, ["abc"]),
        ("abcd", 3, ["abc", "d"]),
        ("abcdefg", 2, ["ab", "cd", "ef", "g"]),
        ("abc", 1, ["a", "b", "c"]),
    ],
)
def test_parts_are_full_but_for_the_last_one(items: str, size: int, parts: list[str]) -> None:
    assert list(batched(items, size)) == parts


@given(st.lists(st.integers()), st.integers(1, 10))
def test_parts_together_are_the_whole_in_its_order(items: list[int], size: int) -> None:
    parts = list(batched(items, size))

    assert [item for part in parts for item in part] == items
    assert all(0 < len(part) <= size for part in parts)
    assert all(len(part) == size for part in parts[:-1])


def test_sequence_is_not_cut_before_it_is_asked_for() -> None:
    parts = batched(range(10**12), 5)

    assert list(next(parts)) == [0, 1, 2, 3, 4]
