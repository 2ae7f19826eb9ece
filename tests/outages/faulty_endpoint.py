"""A DynamoDB endpoint that fails on purpose, in front of a real engine."""

from __future__ import annotations

import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen
from typing_extensions import override

_LATENCY = 0.05
"""Seconds: the longest that a slow answer is held back."""

_NOT_PASSED_ON = ("connection", "keep-alive", "transfer-encoding", "date", "server")


@frozen
class Answer:
    """What the engine answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@define(eq=False)
class FaultyEndpoint:
    """Passes requests on, a share of them (`rate`, 0 to 1) with a fault; nothing while `is_out`.

    `met` counts the requests by what happened to them.
    """

    engine: str
    rate: float
    random: random.Random
    is_out: bool = False
    met: Counter[str] = field(factory=Counter)
    _lock: Lock = field(factory=Lock)

    def fault(self) -> str:
        """What happens to the next request."""
        with self._lock:
            fails = self.random.random() < self.rate
            name = "out" if self.is_out else self.random.choice(FAULTS) if fails else "fine"
            self.met[name] += 1
            return name


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    endpoint: FaultyEndpoint

    @override
    def setup(self) -> None:
        super().setup()
        self.engine = HTTPConnection(urlsplit(self.endpoint.engine).netloc)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        getattr(self, f"_{self.endpoint.fault()}")(lambda: self._forward(body))

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass

    @override
    def finish(self) -> None:
        self.engine.close()
        with suppress(OSError):
            super().finish()

    def _forward(self, body: bytes) -> Answer:
        self.engine.request("POST", "/", body, dict(self.headers))
        answer = self.engine.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())

    def _fine(self, forward: Callable[[], Answer]) -> None:
        self._answer(forward())

    def _slow(self, forward: Callable[[], Answer]) -> None:
        time.sleep(random.uniform(0, _LATENCY))
        self._answer(forward())

    def _reset_before(self, _: Callable[[], Answer]) -> None:
        self._reset()

    def _reset_after(self, forward: Callable[[], Answer]) -> None:
        forward()
        self._reset()

    def _half_answered(self, forward: Callable[[], Answer]) -> None:
        answer = forward()
        self._answer(answer, answer.body[: len(answer.body) // 2])
        self.close_connection = True

    def _fault_before(self, _: Callable[[], Answer]) -> None:
        self._refuse(random.choice([500, 503]), "InternalServerError")

    def _fault_after(self, forward: Callable[[], Answer]) -> None:
        forward()
        self._refuse(500, "InternalServerError")

    def _throttled(self, _: Callable[[], Answer]) -> None:
        codes = ["ThrottlingException", "ProvisionedThroughputExceededException"]
        self._refuse(400, random.choice(codes))

    def _out(self, _: Callable[[], Answer]) -> None:
        if random.random() < 0.5:
            self._reset()
        else:
            self._refuse(503, "ServiceUnavailable")

    def _refuse(self, status: int, code: str) -> None:
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected"}
        self._answer(Answer(status, [], json.dumps(body).encode()))

    def _answer(self, answer: Answer, sent: bytes | None = None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in (*_NOT_PASSED_ON, "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body if sent is None else sent)

    def _reset(self) -> None:
        self.close_connection = True
        # Closed at once, so that the other side is told of a reset, and not of an end.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


FAULTS = (
    "slow",
    "reset_before",
    "reset_after",
    "half_answered",
    "fault_before",
    "fault_after",
    "throttled",
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away, or a connection that was reset on purpose


@contextmanager
def faulty_endpoint(engine: str, rate: float, seed: int) -> Iterator[tuple[FaultyEndpoint, str]]:
    """The endpoint and its address."""
    endpoint = FaultyEndpoint(engine, rate, random.Random(seed))
    handler = type("Handler", (_Handler,), {"endpoint": endpoint})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield endpoint, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
