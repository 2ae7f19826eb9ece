"""Connections that bring no whole request, or take no answer: they end, and keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn
from attrs import define, field
from structlog.testing import capture_logs

from api.cli import listening
from api.cli.listening import HttpServer, most_connections
from tests.commands import Cli

HALF_A_HEAD = b"POST /users HTTP/1.1\r\nHost: here\r\nX-"
HALF_A_BODY = (
    b"POST /users HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b"Content-Length: 10\r\n\r\n{"
)
HEALTH = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
ANSWERS = 100
UNREAD = b"GET /openapi.json HTTP/1.1\r\nHost: here\r\n\r\n" * ANSWERS
"""Asks for more than fits into the buffers of two sockets."""
ENDLESS = 3600
"""Seconds that no test waits for: what ends, ends for another reason."""


@define
class Running:
    """A server as `serve` starts it, in a thread."""

    server: uvicorn.Server
    listening: socket.socket
    stack: ExitStack
    thread: Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.thread = Thread(target=self.server.run, args=([self.listening],))
        self.thread.start()

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A connection that sends this first."""
        connection = socket.create_connection(self.listening.getsockname(), timeout=30)
        connection.sendall(sent)
        return self.stack.enter_context(closing(connection))

    def wait_until(self, is_so: Callable[[set[Any]], bool]) -> None:
        """Waits until it is so of the connections that it has."""
        ends = monotonic() + 30
        while not is_so(set(self.server.server_state.connections)):
            assert monotonic() < ends
            sleep(0.01)

    def stop(self) -> None:
        """As a signal does."""
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


Serve = Callable[..., Running]


@pytest.fixture
def serve(command: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server in memory with these bounds."""
    started: list[uvicorn.Server] = []

    def start_later(worker: HttpServer, _: object, __: float) -> None:
        started.append(worker.server)

    monkeypatch.setattr(listening, "until_stopped", start_later)
    with ExitStack() as stack:

        def start(**bounds: float) -> Running:
            bounds = {"request_seconds": ENDLESS, "idle_seconds": ENDLESS, **bounds}
            env = {f"DYNASTRATA_HTTP_{name.upper()}": f"{bounds[name]:g}" for name in bounds}
            done = command("serve", DYNASTRATA_ENVIRONMENT="test", **env)
            assert done.exit_code == 0, done.output
            # Listening before it runs: connections wait until it does.
            bound = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            running = Running(started[-1], bound, stack)
            stack.callback(running.stop)
            return running

        yield start


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection. A `TimeoutError` where it does not."""
    received = b""
    try:
        while data := connection.recv(4096):
            received += data
    except ConnectionResetError:
        pass
    return received


def answer(connection: socket.socket) -> bytes:
    """The answer of `/health`, after which the connection stays open."""
    received = b""
    while b'{"status":"ok"}' not in received:
        data = connection.recv(4096)
        assert data, received
        received += data
    return received


def test_a_request_that_does_not_come_whole_is_ended_and_an_idle_connection_too(
    serve: Serve,
) -> None:
    server = serve(request_seconds=0.3)
    silent, head, body = (server.connect(sent) for sent in (b"", HALF_A_HEAD, HALF_A_BODY))
    assert [rest(each) for each in (silent, head, body)] == [b"", b"", b""]
    second = server.connect(HEALTH)
    assert answer(second).startswith(b"HTTP/1.1 200 ")
    second.sendall(HALF_A_HEAD)
    assert rest(second) == b""


def test_who_holds_connections_loses_them_to_who_sends_requests(serve: Serve) -> None:
    server = serve(connections=3)
    served = server.connect(HEALTH)
    assert answer(served)
    held = [server.connect(HALF_A_HEAD) for _ in range(6)]
    assert [rest(each) for each in held[:3]] == [b""] * 3
    assert answer(server.connect(HEALTH)).startswith(b"HTTP/1.1 200 ")


def is_unread(connections: set[Any]) -> bool:
    return any(each.flow.write_paused for each in connections)


def test_an_answer_that_is_not_read_is_not_kept_for_ever(serve: Serve) -> None:
    server = serve(request_seconds=0.3)
    unread = server.connect(UNREAD)
    server.wait_until(is_unread)
    server.wait_until(lambda connections: not connections)
    assert rest(unread).count(b"HTTP/1.1 200 ") < ANSWERS


def test_who_reads_no_answer_loses_the_connection_to_who_sends_a_request(serve: Serve) -> None:
    server = serve(connections=1)
    unread = server.connect(UNREAD)
    server.wait_until(is_unread)
    assert answer(server.connect(HEALTH))
    assert rest(unread).count(b"HTTP/1.1 200 ") < ANSWERS


def test_who_reads_late_gets_every_answer(serve: Serve) -> None:
    server = serve()
    unread = server.connect(UNREAD)
    server.wait_until(is_unread)
    received = b""
    while received.count(b'"openapi"') < ANSWERS:
        received += unread.recv(1 << 20)
    unread.sendall(HEALTH)
    assert answer(unread)


def test_what_has_not_come_whole_does_not_keep_it_from_stopping(serve: Serve) -> None:
    server = serve(stop_seconds=ENDLESS)
    held = [server.connect(sent) for sent in (b"", HALF_A_HEAD, HALF_A_BODY)]
    assert answer(server.connect(HEALTH))  # those before it were accepted before
    server.stop()
    assert [rest(each) for each in held] == [b""] * 3


@pytest.mark.parametrize("path", ["/health", "/users"])
def test_a_request_whose_end_is_not_clear_is_refused_and_what_follows_is_not_read(
    path: str, serve: Serve
) -> None:
    smuggled = (
        f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ).encode()
    received = rest(serve().connect(smuggled + HEALTH))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in received.lower()
    assert b"never both" in received


def test_files_are_left_for_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "getrlimit", lambda _: (256, 256))
    with capture_logs() as lines:
        assert most_connections(1000, 64) == 64
        assert most_connections(20, 64) == 20
    assert [line["event"] for line in lines] == [
        "fewer connections than wanted: raise the limit of open files"
    ]
