"""A relay or a server whose store hangs ends when it is told to."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from attrs import define, field

from tests.e2e.servers import is_ready
from tests.relaying.children import Child, child


@define
class HangingStore:
    """Takes connections, and answers nothing."""

    listening: socket.socket
    connections: ExitStack = field(factory=ExitStack)

    def hang(self, relay: Child) -> None:
        """Waits until the relay asks for something."""
        self.listening.settimeout(0.1)

        def is_asked() -> bool:
            try:
                connection, _ = self.listening.accept()
            except TimeoutError:
                return False
            self.connections.enter_context(connection)
            return True

        relay.wait_until(is_asked)


@pytest.fixture
def store() -> Iterator[HangingStore]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hanging = HangingStore(listening)
        with hanging.connections:
            yield hanging


def environment(store: HangingStore, stop_seconds: float) -> dict[str, str]:
    return {
        "DYNASTRATA_PROVIDER": "dynamodb",
        "DYNASTRATA_REGION": "eu-central-1",
        "DYNASTRATA_ENDPOINT_URL": f"http://127.0.0.1:{store.listening.getsockname()[1]}",
        # Nothing else lets it end within the time that the test waits.
        "DYNASTRATA_READ_TIMEOUT_SECONDS": "60",
        "DYNASTRATA_RELAY_STOP_SECONDS": str(stop_seconds),
    }


@pytest.mark.parametrize("arguments", [(), ("--stream",)])
def test_a_relay_leaves_what_takes_longer_than_the_setting(
    store: HangingStore, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    health = tmp_path / "health"
    given = ("outbox", "relay", *arguments, "--health-file", str(health))
    with child(*given, env=environment(store, 0.1)) as relay:
        store.hang(relay)
        os.utime(health, (0, 0))
        # It hangs, and is not late yet: that takes two minutes.
        relay.wait_until(lambda: health.stat().st_mtime > 0)

        assert relay.end(signal.SIGTERM) == 0

    assert any("left at work" in line for line in relay.told)
    assert relay.output == ["published: 0, failed attempts: 0, dead-lettered: 0"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_leaves_requests_that_take_longer_than_the_setting(
    store: HangingStore, workers: int, port: int
) -> None:
    env = {
        **environment(store, 0.1),
        "DYNASTRATA_ENVIRONMENT": "test",
        "DYNASTRATA_CREATE_TABLES": "false",
        "DYNASTRATA_HTTP_STOP_SECONDS": "1",
        "DYNASTRATA_RELAY_WHILE_SERVING": "true",
        "DYNASTRATA_LOG_LEVEL": "info",
    }
    with child("serve", "--port", str(port), "--workers", str(workers), env=env) as server:
        server.wait_until(lambda: is_ready(port, "/health"))
        with socket.create_connection(("127.0.0.1", port)) as client:
            store.hang(server)
            client.sendall(b"GET /ready HTTP/1.1\r\nHost: here\r\n\r\n")
            store.hang(server)

            assert server.end(signal.SIGTERM) == 0

    assert any("timeout graceful shutdown exceeded" in line for line in server.told)
    assert any("left at work" in line for line in server.told)


def test_a_second_signal_ends_it_at_once(store: HangingStore) -> None:
    with child("outbox", "relay", env=environment(store, 3600)) as relay:
        store.hang(relay)
        relay.process.send_signal(signal.SIGTERM)

        assert relay.end(signal.SIGINT) == 130

    assert not any("left at work" in line for line in relay.told)
