"""Measures the peers in turns: whatever else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from scripts.bench.data import Place
from scripts.bench.operations import Operation, Peer, does
from scripts.bench.processes import Taken, Worker, working
from scripts.bench.results import Figure, Figures


def in_turns(
    peers: Sequence[Peer],
    operations: Sequence[Operation],
    place: Place,
    python: Path,
    *,
    seconds: float,
    rounds: int,
) -> Figures:
    """At most so many rounds, each with a batch of every operation of every peer.

    None is begun that would end after more than so many seconds, but for the first. Raises
    `RuntimeError` where a peer fails.
    """
    taken: dict[str, dict[str, list[Taken]]] = defaultdict(lambda: defaultdict(list))
    able = [peer for peer in peers if any(does(peer, each) for each in operations)]
    with ExitStack() as processes:
        workers = [processes.enter_context(working(peer, place, python)) for peer in able]
        began = last = time.monotonic()
        for _ in range(rounds):
            _round(operations, workers, taken)
            now = time.monotonic()
            if now - began + (now - last) > seconds:
                break
            last = now
    return {
        operation: {peer: Figure.of(each) for peer, each in by_peer.items()}
        for operation, by_peer in taken.items()
    }


def _round(
    operations: Sequence[Operation],
    workers: Sequence[Worker],
    taken: dict[str, dict[str, list[Taken]]],
) -> None:
    for operation in operations:
        for worker in workers:
            if does(worker.peer, operation):
                taken[operation.title][worker.peer.title].append(worker.run(operation))
