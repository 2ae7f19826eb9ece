"""The workers: one process for each peer, in the environment that has its packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from infrastructure.engines.provision import ENGINES, REPOSITORY
from infrastructure.engines.python_environment import python_of
from scripts.bench.data import Place
from scripts.bench.operations import OURS, Operation, Peer

_REQUIREMENTS = REPOSITORY / "requirements" / "peers.txt"

_CHANGED = ("AWS_", "DYNASTRATA_", "PYTHON")
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def peers_python() -> Path:
    """The interpreter of the environment of the peers, made on first use.

    Raises `EngineUnavailable`.
    """
    return python_of("the environment of the peers", ENGINES / "peers", _REQUIREMENTS)


@frozen
class Taken:
    """The seconds that one operation took, on average over a batch."""

    cpu: float
    wall: float


class Worker:
    """The process of one peer."""

    def __init__(self, process: subprocess.Popen[str], peer: Peer) -> None:
        self._process = process
        self.peer = peer

    def run(self, operation: Operation) -> Taken:
        """One batch. Raises `RuntimeError` where the process has ended."""
        asked = {
            "operation": operation.name,
            "count": operation.batch,
            "threads": operation.threads,
        }
        assert self._process.stdin is not None  # noqa: S101 both are pipes
        assert self._process.stdout is not None  # noqa: S101
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.peer.title} ended while it was to {operation.title}")
        taken = json.loads(answer)
        return Taken(taken["cpu"] / operation.batch, taken["wall"] / operation.batch)


def command(peer: Peer, place: Place, peers: Path) -> list[str]:
    """What starts the process of a peer. `peers` is the interpreter of all but us."""
    python = Path(sys.executable) if peer == OURS else peers
    module = ["-m", "scripts.bench.worker", peer.module]
    return [str(python), *module, place.endpoint_url, place.prefix]


def environment() -> Mapping[str, str]:
    """Ours, but for what would lead to AWS, or change what is measured: settings, Python's ways."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(_CHANGED)}
    return {**kept, **_CREDENTIALS}


@contextmanager
def working(peer: Peer, place: Place, peers: Path) -> Iterator[Worker]:
    """The worker of a peer, until the context ends. See `command`."""
    with subprocess.Popen(  # noqa: S603 our own command
        command(peer, place, peers),
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Worker(process, peer)
