"""One peer in a process of its own: `python -m scripts.bench.worker PEER ENDPOINT PREFIX`.

Each line of standard input asks for one batch, `{"operation": "get", "count": 50, "threads": 1}`,
and is answered by one line with the processor and the wall seconds that the batch took. With an
operation as fourth argument it does that once, prints `{"memory": 50000000}`, and ends: the
start-up. Standard library only, as it runs in the environment of the peers, too.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import count
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

from scripts.bench.data import Place

Operation = Callable[[int], object]
"""Does something once. It gets another number each time."""

_WARM = 2


class Batches:
    """Does batches of the operations of a peer, and takes the time."""

    def __init__(self, operations: dict[str, Operation]) -> None:
        self._operations = operations
        self._numbers = count(1)
        self._warm: set[tuple[str, int]] = set()
        self._pools: dict[int, ThreadPoolExecutor] = {}

    def run(self, operation: str, count: int, threads: int) -> dict[str, float]:
        """The seconds that `count` operations took, after some that nobody counts."""
        if (operation, threads) not in self._warm:
            self._do(operation, _WARM * threads if count > 1 else 1, threads)
            self._warm.add((operation, threads))
            # What is there by now shall not be looked through by collections that are measured.
            gc.collect()
            gc.freeze()
        wall, cpu = time.perf_counter(), time.process_time()
        self._do(operation, count, threads)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    def _do(self, operation: str, count: int, threads: int) -> None:
        work = self._operations[operation]
        numbers = [next(self._numbers) for _ in range(count)]
        if threads == 1:
            for number in numbers:
                work(number)
            return
        pool = self._pools.setdefault(threads, ThreadPoolExecutor(threads))
        shares = [numbers[first::threads] for first in range(threads)]
        list(pool.map(lambda share: [work(number) for number in share], shares))


def main(arguments: list[str]) -> None:
    """Answers until standard input ends."""
    peer, endpoint_url, prefix, *once = arguments
    # What libraries print must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    module: Any = import_module(f"scripts.bench.peers.{peer}")
    operations = module.operations(Place(endpoint_url, prefix, f"{peer}-{os.getpid()}"))
    if once:
        operations[once[0]](0)
        print(json.dumps({"memory": _memory()}), file=answers)
        return
    operations.get("prepare", _nothing)(0)
    batches = Batches(operations)
    for line in sys.stdin:
        print(json.dumps(batches.run(**json.loads(line))), file=answers, flush=True)


def _nothing(_: int) -> None:
    """Most peers need no data of their own."""


def _memory() -> int:
    """The most bytes that this process had in memory.

    Linux counts those of the process that started it into what `getrusage` tells.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024
    most = getrusage(RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main(sys.argv[1:])
