"""The bare call: what no client can do without. Every ratio is to this.

A socket that is kept open, for each thread; a request that is one write; orjson; Signature
Version 4 with a signing key that is made once; httptools, the parser of Node.js, to find the end of
the answer. No retries, no checks of what comes back, no telemetry.
"""

from __future__ import annotations

import hmac
import socket
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson
from httptools import HttpResponseParser

from scripts.bench import data
from scripts.bench.data import Place
from scripts.bench.peers.named import named
from scripts.bench.peers.requests import Requests

_SCOPE = "eu-central-1/dynamodb/aws4_request"
_SIGNED = "host;x-amz-date;x-amz-target"


def operations(place: Place) -> dict[str, Callable[[int], object]]:
    """By name."""
    return {**over(Connection, place), "replay": Replay().replay}


def over(connect: type[Connection], place: Place) -> dict[str, Callable[[int], object]]:
    """The operations on DynamoDB over such a connection for each thread."""
    connections = threading.local()

    def call(operation: str, request: dict[str, Any]) -> Any:
        try:
            connection: Connection = connections.kept
        except AttributeError:
            connection = connections.kept = connect(place.endpoint_url)
        return connection.call(operation, request)

    return named(Requests(place, call))


class Connection:
    """To one endpoint, for one thread."""

    def __init__(self, endpoint_url: str) -> None:
        parts = urlsplit(endpoint_url)
        self._address = parts.hostname or "", parts.port or 80
        self._host = parts.netloc
        self._day, self._key = "", b""
        self._open()

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def call(self, operation: str, request: dict[str, Any]) -> Any:
        """The answer, as JSON. Raises `RuntimeError` for a refusal."""
        body = orjson.dumps(request)
        headers = self._headers(operation, body)
        try:
            status, answer = self._exchange(headers, body)
        except ConnectionError:  # the engine closes what rests for some seconds
            self.close()
            self._open()
            status, answer = self._exchange(headers, body)
        if status != 200:
            raise RuntimeError(answer.decode())
        return orjson.loads(answer)

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _exchange(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        self._socket.sendall(
            f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        answer = Answer()
        parser = HttpResponseParser(answer)
        while not answer.is_whole:
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionResetError("closed before the answer was whole")
            parser.feed_data(piece)
        return parser.get_status_code(), b"".join(answer.pieces)

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        day, target = now[:8], f"DynamoDB_20120810.{operation}"
        signed = f"host:{self._host}\nx-amz-date:{now}\nx-amz-target:{target}\n"
        canonical = f"POST\n/\n\n{signed}\n{_SIGNED}\n{sha256(body).hexdigest()}"
        digest = sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{now}\n{day}/{_SCOPE}\n{digest}"
        signature = hmac.digest(self._signing_key(day), text.encode(), "sha256").hex()
        return {
            "Host": self._host,
            "X-Amz-Date": now,
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=local/{day}/{_SCOPE}, "
            f"SignedHeaders={_SIGNED}, Signature={signature}",
        }

    def _signing_key(self, day: str) -> bytes:
        if day != self._day:
            key = b"AWS4local"
            for part in (day, *_SCOPE.split("/")):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day, self._key = day, key
        return self._key


class Answer:
    """Takes the body of an answer; the parser calls what begins with `on_`."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_whole = False

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        """The end."""
        self.is_whole = True


class Replay:
    """Reads the JSON of each event, and counts."""

    def __init__(self) -> None:
        self._events: list[bytes] = []

    def replay(self, _: int) -> int:
        """How many things the lines have."""
        if not self._events:
            line = {"sku": "a", "title": data.TITLE, "quantity": 1, "unit_price_cents": 1}
            events = ({"order_id": "long", "line": line, "n": n} for n in range(data.REPLAYED))
            self._events = [orjson.dumps(event) for event in events]
        return sum(orjson.loads(event)["line"]["quantity"] for event in self._events)
