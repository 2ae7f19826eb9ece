"""A run that is killed, or stopped, goes on where it was and writes nothing twice that was done."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

import pytest

from tests.migration.run.dying import STOP_ONCE, begin
from tests.migration.run.running import Move, assert_same
from tests.migration.run.warehouse import RANGES

pytestmark = pytest.mark.engine

Ranges = set[tuple[str, int]]
_PATIENCE = 120.0


def size(move: Move, log: Path) -> int:
    """Bytes of all that a run leaves: it grows with each step."""
    return sum(path.stat().st_size for path in [*move.work.glob("*.jsonl"), log] if path.exists())


def wait_for_growth(process: ForkServerProcess, move: Move, log: Path, bytes_: int) -> None:
    """Returns when so much was written since, or the process has ended."""
    until, before = time.monotonic() + _PATIENCE, size(move, log)
    while process.is_alive() and size(move, log) < before + bytes_:
        assert time.monotonic() < until
        time.sleep(0.005)


def done(move: Move) -> Ranges:
    """The ranges whose items the checkpoints say are written."""
    found: Ranges = set()
    for path in move.work.glob("*.checkpoint.jsonl"):
        for line in path.read_text().split("\n")[1:-1]:
            told = json.loads(line)
            if told["step"] == "items":
                found.add((path.name.split(".")[0], told["number"]))
    return found


def lines_in(log: Path) -> list[tuple[str, int]]:
    """The ranges of which items were written, batch by batch."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [(table, int(number)) for table, number in map(str.split, lines)]


def kill(process: ForkServerProcess) -> None:
    """Its workers, too."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()


@pytest.mark.parametrize(("workers", "kills"), [("1", 9), ("2", 1)])
def test_killed_at_any_point_it_ends_as_if_undisturbed(
    move: Move, undisturbed: Move, workers: str, kills: int
) -> None:
    random, log = Random(kills), move.work.parent / "log"
    for _ in range(kills):
        before, lines = done(move), lines_in(log)
        process = begin(move.arguments("--workers", workers), move.env, log)
        wait_for_growth(process, move, log, random.randint(1, 900))
        kill(process)
        assert {*lines_in(log)[len(lines) :]}.isdisjoint(before)
    assert move.run().exit_code == 3
    assert len(done(move)) == sum(RANGES.values())
    assert len(move.rejects()) == len(undisturbed.rejects())
    assert_same(move, undisturbed)


def test_a_signal_ends_it_after_what_is_under_way(move: Move, undisturbed: Move) -> None:
    log, env = move.work.parent / "log", {**move.env, STOP_ONCE: str(move.work.parent / "stopped")}
    process = begin(move.arguments("--workers", "1"), env, log)
    process.join(_PATIENCE)
    assert process.exitcode == 1
    assert done(move) == {*lines_in(log)}
    assert len(done(move)) < sum(RANGES.values())
    assert move.run().exit_code == 3
    assert_same(move, undisturbed)
