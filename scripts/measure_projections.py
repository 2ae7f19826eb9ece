"""Measures a rebuild over many events in memory: the time it takes, then the memory at its peak.

`python -m scripts.measure_projections 100000`
"""

from __future__ import annotations

import sys
import time
import tracemalloc

from tests.projectors.test_many_events import with_many
from tests.stores import memory_store

EVENTS = 100_000
PAGE = 500


def measure(count: int) -> None:
    """Rebuilds twice: tracing memory slows it down."""
    world = with_many(memory_store(), count, PAGE)

    def rebuild() -> None:
        world.runner(on_progress=lambda _: world.folded.clear()).rebuild()

    began = time.perf_counter()
    rebuild()
    seconds = time.perf_counter() - began
    print(f"{count} events in {seconds:.1f} s: {count / seconds:.0f} a second")
    tracemalloc.start()
    rebuild()
    _, most = tracemalloc.get_traced_memory()
    print(f"{most / 1e6:.1f} MB at the peak, besides the store")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
