"""Pauses that grow: exponential backoff with full jitter."""

from __future__ import annotations

import random as machine
from collections.abc import Callable


def full_jitter(
    attempt: int, base: float, cap: float, random: Callable[[], float] = machine.random
) -> float:
    """Seconds to wait after this attempt (1 for the first): random, up to the backoff.

    The backoff is `base` after the first attempt and doubles with each, up to `cap`.
    """
    # Beyond 2**32 the cap has long won, and a float would overflow.
    ceiling: float = base * 2 ** min(attempt - 1, 32)
    return random() * min(cap, ceiling)
