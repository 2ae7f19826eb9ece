"""Sequences in parts, as `itertools.batched` gives them from Python 3.12 on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of `size` items, in order; the last one may be shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
