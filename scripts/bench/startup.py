"""What a process costs that starts, reads one user, and ends."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from infrastructure.engines.provision import REPOSITORY
from scripts.bench.data import Place
from scripts.bench.operations import Peer
from scripts.bench.processes import Taken, command, environment

STARTUP = "start, and read one user"


@frozen
class Started:
    """The seconds it took, and the most memory it had, in bytes."""

    taken: Taken
    memory: float


def start_in_turns(
    peers: Sequence[Peer], place: Place, python: Path, rounds: int
) -> Mapping[str, list[Started]]:
    """So many starts of each peer, by title, after one that leaves compiled modules behind."""
    found: dict[str, list[Started]] = {peer.title: [] for peer in peers}
    for number in range(rounds + 1):
        for peer in peers:
            started = _start(peer, place, python)
            if number > 0:
                found[peer.title].append(started)
    return found


def _start(peer: Peer, place: Place, python: Path) -> Started:
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 our own command
        [*command(peer, place, python), "get"],
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None  # noqa: S101 it is a pipe
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{peer.title} did not start: it ended with {process.returncode}")
    memory = json.loads(told)["memory"]
    return Started(Taken(cpu=used.ru_utime + used.ru_stime, wall=wall), memory)
