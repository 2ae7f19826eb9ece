"""Requests over connections that are kept: each is sent once, and a whole answer comes or none."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import pytest
import trustme
from attrs import define, field
from botocore import exceptions as sdk
from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

from infrastructure.dynamodb.gateway.connections import Answer, Connections
from infrastructure.dynamodb.gateway.errors import BrokenAnswer

ANSWER = b"HTTP/1.1 200 OK\r\nX-Amz-Crc32: 7\r\nContent-Length: 2\r\n\r\n{}"
READ = Answer(200, {"x-amz-crc32": "7", "content-length": "2"}, b"{}")
TIMEOUT = 60.0  # seconds: longer than a test may wait for what comes

Reply = Callable[[socket.socket], object]
"""What a server does once it has read a request."""


def say(data: bytes) -> Reply:
    return lambda peer: peer.sendall(data)


def hang_up(peer: socket.socket) -> None:
    peer.close()


def say_less(peer: socket.socket) -> None:
    peer.sendall(ANSWER[:-1])
    peer.close()


def say_and_hang_up(peer: socket.socket) -> None:
    peer.sendall(ANSWER)
    peer.close()


@define
class Server:
    """Reads requests, and replies to the first by the first reply, to others by the others."""

    replies: list[Reply]
    tls: ssl.SSLContext | None = None
    accepted: int = 0
    requests: list[bytes] = field(factory=list)
    _socket: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @contextmanager
    def running(self) -> Iterator[None]:
        Thread(target=self._accept, daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):  # macOS wakes who accepts without it
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(peer, server_side=True) if self.tls else peer as spoken:
                while request := _read(spoken):
                    self.requests.append(request)
                    self.replies[len(self.requests) - 1](spoken)
        except OSError:
            pass  # the client hung up


def _read(peer: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"{}"):
        piece = peer.recv(1000) if peer.fileno() != -1 else b""
        if not piece:
            break
        read += piece
    return read


def connections(server: Server, deadline: float = TIMEOUT, **options: Any) -> Connections:
    scheme = "https" if server.tls else "http"
    session = URLLib3Session(timeout=TIMEOUT, **options)
    url = f"{scheme}://localhost:{server.port}/"
    return Connections(session, url, "/", TIMEOUT, deadline)


def post(to: Connections, **headers: str) -> Answer:
    return to.send(AWSPreparedRequest("POST", to.url, headers, b"{}", stream_output=False))


def test_a_connection_bears_one_request_after_the_other() -> None:
    server = Server([say(ANSWER)] * 3)
    with server.running():
        kept = connections(server)
        assert [post(kept, Name="value") for _ in range(3)] == [READ] * 3
    request = b"POST / HTTP/1.1\r\nName: value\r\nContent-Length: 2\r\n\r\n{}"
    assert server.requests == [request] * 3
    assert server.accepted == 1


def test_threads_have_a_connection_each() -> None:
    server = Server([say(ANSWER)] * 200)
    with server.running(), ThreadPoolExecutor(8) as pool:
        kept = connections(server, max_pool_connections=8)
        assert set(pool.map(lambda _: post(kept).body, range(200))) == {b"{}"}
    assert len(server.requests) == 200
    assert server.accepted <= 8


@pytest.mark.parametrize(
    "last",
    [
        say(ANSWER + b"HTTP/1.1 200 OK\r\n"),
        say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
        say(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ],
    ids=["more than an answer", "says that it closes", "an old version"],
)
def test_a_connection_that_is_not_to_be_trusted_is_replaced(last: Reply) -> None:
    server = Server([last, say(ANSWER)])
    with server.running():
        kept = connections(server)
        assert [post(kept).body, post(kept).body] == [b"{}", b"{}"]
    assert server.accepted == len(server.requests) == 2


def test_a_connection_that_was_closed_since_is_replaced() -> None:
    closed = Event()

    def say_and_close(peer: socket.socket) -> None:
        peer.sendall(ANSWER)
        peer.close()
        closed.set()

    server = Server([say_and_close, say(ANSWER)])
    with server.running():
        kept = connections(server)
        assert post(kept) == READ
        assert closed.wait(TIMEOUT)
        assert post(kept) == READ
    assert server.accepted == len(server.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [hang_up, say_less],
    ids=["nothing", "less than an answer"],
)
@pytest.mark.parametrize("before", [0, 1], ids=["new", "kept"])
def test_a_request_without_an_answer_is_not_sent_again(reply: Reply, before: int) -> None:
    server = Server([*[say(ANSWER)] * before, reply, say(ANSWER)])
    with server.running():
        kept = connections(server)
        for _ in range(before):
            post(kept)
        with pytest.raises(sdk.ConnectionClosedError):
            post(kept)
        assert len(server.requests) == before + 1
        assert post(kept) == READ


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    def trickle(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nName: ")
        while True:  # until the other side hangs up
            peer.sendall(b"x")

    server = Server([trickle])
    with server.running(), pytest.raises(sdk.ReadTimeoutError):
        post(connections(server, deadline=0.2))


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-x\r\n", ANSWER.replace(b": 2", b": two"), b"HTTP/1.1 200 OK\r\nBad\0: 1\r\n"]
)
def test_what_is_no_http_is_a_broken_answer(data: bytes) -> None:
    server = Server([say(data), say(ANSWER)])
    with server.running():
        kept = connections(server)
        with pytest.raises(BrokenAnswer, match="is no HTTP"):
            post(kept)
        assert post(kept) == READ


def test_an_answer_in_pieces_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"

    def trickle(peer: socket.socket) -> None:
        for each in chunked:
            peer.sendall(bytes([each]))

    server = Server([trickle])
    with server.running():
        assert post(connections(server)).body == b"{}"


def test_where_nobody_listens_nothing_was_sent() -> None:
    server = Server([])
    with server.running():
        kept = connections(server)
    with pytest.raises(sdk.EndpointConnectionError):
        post(kept)


@pytest.mark.parametrize("value", ["a\r\nHost: other", "a\n", "ü"])
def test_a_header_that_is_no_line_is_not_sent(value: str) -> None:
    server = Server([say(ANSWER)])
    with server.running(), pytest.raises(sdk.HTTPClientError, match="no line of ASCII"):
        post(connections(server), Token=value)
    assert server.requests == []


def test_a_server_must_show_a_certificate_that_is_trusted() -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    server = Server([say(ANSWER)] * 2, tls)
    with server.running(), authority.cert_pem.tempfile() as bundle:
        with pytest.raises(sdk.SSLError):
            post(connections(server))
        trusting = connections(server, verify=bundle)
        assert [post(trusting), post(trusting)] == [READ] * 2
    assert len(server.requests) == 2


def test_a_certificate_of_another_host_is_refused() -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("example.com").configure_cert(tls)
    server = Server([say(ANSWER)], tls)
    with server.running(), authority.cert_pem.tempfile() as bundle, pytest.raises(sdk.SSLError):
        post(connections(server, verify=bundle))


def test_a_proxy_is_asked_as_the_sdk_asks_it() -> None:
    proxy = Server([say(ANSWER)])
    with proxy.running():
        session = URLLib3Session(proxies={"http": f"http://localhost:{proxy.port}"})
        asked = Connections(session, "http://dynamodb.example/", "/", TIMEOUT, TIMEOUT)
        assert post(asked) == READ
    assert proxy.requests[0].startswith(b"POST http://dynamodb.example/ HTTP/1.1\r\n")
