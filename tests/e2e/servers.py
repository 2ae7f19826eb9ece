"""`dynastrata serve` as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from infrastructure.settings.settings import Settings
from tests.commands import variables
from tests.relaying.children import Child, child


@contextmanager
def serving(settings: Settings, port: int, *, relays: bool, workers: int = 1) -> Iterator[Child]:
    """A server that is ready."""
    env = {
        **variables(settings),
        "DYNASTRATA_LOG_LEVEL": "info",
        "DYNASTRATA_RELAY_WHILE_SERVING": str(relays).lower(),
        "DYNASTRATA_RELAY_POLL_INTERVAL_MS": "20",
    }
    with child("serve", "--port", str(port), "--workers", str(workers), env=env) as server:
        server.wait_until(lambda: any("Started" in line for line in list(server.told)))
        server.wait_until(lambda: is_ready(port))
        yield server


def is_ready(port: int, path: str = "/ready") -> bool:
    """Whether it answers that it is."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False
