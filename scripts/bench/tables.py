"""The results as tables: for the terminal, and for the guide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from scripts.bench.operations import BARE, PEERS
from scripts.bench.results import Figure, Figures, Results, Units
from scripts.bench.statistics import Summary

_NONE = "-"

Rows = Sequence[Sequence[str]]
"""The first one has the headings."""


def every_figure(figures: Figures) -> list[Table]:
    """A table for each operation, with all that was measured."""
    tables = []
    for operation, by_peer in figures.items():
        table = Table(
            "peer", "CPU", "half of all", "to bare", "wall", "half of all", title=operation
        )
        for peer, figure in by_peer.items():
            cpu, wall = figure.cpu, figure.wall
            table.add_row(peer, *_with_spread(cpu), _ratio(by_peer, peer), *_with_spread(wall))
        tables.append(table)
    return tables


def rich_table(title: str, rows: Rows) -> Table:
    """Rows for the terminal."""
    table = Table(*rows[0], title=title)
    for row in rows[1:]:
        table.add_row(*row)
    return table


def markdown(rows: Rows) -> str:
    """Rows for the guide."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def ratios(figures: Figures) -> Rows:
    """The processor time of each peer as a multiple of the bare call's, or by itself."""
    peers = _titles(figures.values())
    rows = [["operation", *peers]]
    for operation, by_peer in figures.items():
        rows.append([operation, *(_of_bare(by_peer, peer) for peer in peers)])
    return rows


def wall_times(figures: Figures) -> Rows:
    """The wall time of each peer."""
    peers = _titles(figures.values())
    rows = [["operation", *peers]]
    for operation, by_peer in figures.items():
        walls = {peer: duration(figure.wall.median) for peer, figure in by_peer.items()}
        rows.append([operation, *(walls.get(peer, _NONE) for peer in peers)])
    return rows


def memory(results: Results) -> Rows:
    """The most memory of a process that started and read one user."""
    megabytes = [f"{summary.median / 1e6:.0f} MB" for summary in results.memory.values()]
    return [["", *results.memory], ["most memory", *megabytes]]


def units(results: Results) -> Rows:
    """Requests, read units and write units."""
    peers = _titles(results.units.values())
    rows = [["operation", *peers]]
    for operation, by_peer in results.units.items():
        rows.append([operation, *(_units(by_peer.get(peer)) for peer in peers)])
    return rows


def duration(seconds: float) -> str:
    """With three digits, in seconds, milliseconds or microseconds."""
    for unit, length in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def _titles(found: Iterable[Mapping[str, object]]) -> list[str]:
    """Of the peers that have a figure somewhere, in their order."""
    named = {title for by_peer in found for title in by_peer}
    return [peer.title for peer in PEERS if peer.title in named]


def _with_spread(summary: Summary) -> tuple[str, str]:
    return duration(summary.median), f"{duration(summary.low)} to {duration(summary.high)}"


def _ratio(by_peer: Mapping[str, Figure], peer: str) -> str:
    bare = by_peer.get(BARE.title)
    return f"{by_peer[peer].cpu.times(bare.cpu):.1f}" if bare else _NONE


def _of_bare(by_peer: Mapping[str, Figure], peer: str) -> str:
    if peer not in by_peer:
        return _NONE
    if peer == BARE.title or BARE.title not in by_peer:
        return duration(by_peer[peer].cpu.median)
    return _ratio(by_peer, peer)


def _units(used: Units | None) -> str:
    if used is None:
        return _NONE
    return f"{used.requests} / {used.read_units:g} / {used.write_units:g}"
