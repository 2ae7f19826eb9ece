"""What operations cost, and how fast they are beside others: `make bench`.

The costs come first. Then every peer does the same operations on the same MiniStack, in turns. What
was measured is printed, and written into the documentation.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from attrs import evolve
from rich.console import Console

from infrastructure.engines import run_ministack
from scripts import measure_costs
from scripts.bench import files, tables
from scripts.bench.background import REBUILD, RELAY, Background
from scripts.bench.data import Place
from scripts.bench.operations import OURS, PACKED, PEERS, REPLAY, STORED, Operation, Peer, does
from scripts.bench.preparation import prepare
from scripts.bench.processes import peers_python
from scripts.bench.results import Figure, Figures, Results
from scripts.bench.rounds import in_turns
from scripts.bench.startup import STARTUP, start_in_turns
from scripts.bench.statistics import Summary
from scripts.bench.tap import units_of

_ROUNDS = 15
_FEW = 3
_WIDTH = 130  # the tables are no good in less


def measure(
    endpoint_url: str,
    python: Path,
    *,
    peers: Sequence[Peer] = PEERS,
    stored: Sequence[Operation] = (*STORED, *PACKED),
    replay: Sequence[Operation] = REPLAY,
    seconds: float,
    rounds: int,
) -> Results:
    """All figures. `python` runs the peers.

    At most so many rounds are measured, for about so many seconds. Starts and replays are measured
    less often.
    """
    place = Place(endpoint_url, "bench-", "bench")
    few = min(rounds, _FEW)
    prepare(place)
    units = units_of(peers, [each for each in stored if each.threads == 1], place, python)
    figures = dict(in_turns(peers, stored, place, python, seconds=seconds, rounds=rounds))
    if replay:
        figures |= in_turns(peers, replay, place, python, seconds=seconds / 2, rounds=few)
    started = start_in_turns([p for p in peers if does(p, STORED[0])], place, python, few)
    figures[STARTUP] = {peer: Figure.of([s.taken for s in all_]) for peer, all_ in started.items()}
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{os.cpu_count()} shared cores of {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}",
        figures=figures,
        memory={peer: Summary.of([s.memory for s in all_]) for peer, all_ in started.items()},
        units=units,
    )


def measure_background(endpoint_url: str) -> Figures:
    """What only this project does."""
    background = Background(Place(endpoint_url, "background-", "bench"))
    background.enrol()
    relays = Figure.of([background.relay() for _ in range(_FEW)])
    rebuilds = Figure.of([background.rebuild() for _ in range(_FEW)])
    return {RELAY: {OURS.title: relays}, REBUILD: {OURS.title: rebuilds}}


def report(results: Results, console: Console) -> None:
    """Prints the tables."""
    console.print(*tables.every_figure(results.figures))
    rows = tables.ratios(results.figures)
    console.print(tables.rich_table("Processor time, as a multiple of the bare call's", rows))
    console.print(tables.rich_table("Memory at the start", tables.memory(results)))
    console.print(tables.rich_table("Requests / read units / write units", tables.units(results)))


def main() -> None:
    """Prints what was measured, and writes it into the documentation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=80, help="of rounds, in all")
    seconds = parser.parse_args().seconds
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console(width=max(Console().width, _WIDTH))
    python = peers_python()
    with run_ministack() as engine:
        measure_costs.report(engine.endpoint_url, console)
        results = measure(engine.endpoint_url, python, seconds=seconds, rounds=_ROUNDS)
        background = measure_background(engine.endpoint_url)
    results = evolve(results, figures={**results.figures, **background})
    report(results, console)
    files.write(results)


if __name__ == "__main__":
    main()
