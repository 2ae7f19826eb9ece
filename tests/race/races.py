"""Many writers at once: all released together, or each a moment after the other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from infrastructure.memory.provider import MemoryProvider
from tests.stores import Store

T = TypeVar("T")

Start = Literal["lockstep", "staggered"]
WRITERS = 16

# Writers of a staggered race start within this many seconds: a few requests' worth, so that some
# read before and some after the winner committed. Nothing waits for anything to have happened.
SPREAD = 0.02


def race(work: Callable[[int, Callable[[], None]], T], start: Start) -> list[T | Exception]:
    """What became of each writer, in order: its result, or what it raised.

    `work` gets its number and a function to call right before the step that is to collide.
    """
    barrier = threading.Barrier(WRITERS)

    def ready() -> None:
        if start == "lockstep":
            barrier.wait(timeout=30)

    def run(number: int) -> T | Exception:
        if start == "staggered":
            time.sleep(random.random() * SPREAD)
        try:
            return work(number, ready)
        except Exception as error:  # noqa: BLE001 what was raised is the result
            return error

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def rounds_on(store: Store) -> int:
    """How often to race there: less on an engine, where every request is a chance to collide."""
    return 15 if isinstance(store.provider, MemoryProvider) else 4


def errors_of(outcomes: list[T | Exception]) -> list[type[Exception]]:
    """The classes of what was raised."""
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
