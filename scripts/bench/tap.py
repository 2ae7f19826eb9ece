"""Counts what peers request, between them and the engine, as the service counts it."""

from __future__ import annotations

import http.client
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import orjson
from attrs import evolve

from infrastructure.dynamodb.gateway.gateway import WRITES, read_units, reported_units
from infrastructure.metering import Usage
from scripts.bench.data import Place
from scripts.bench.operations import Operation, Peer, does
from scripts.bench.processes import Worker, working
from scripts.bench.results import Units


def units_of(
    peers: Sequence[Peer], operations: Sequence[Operation], place: Place, python: Path
) -> Mapping[str, Mapping[str, Units]]:
    """What each operation costs with each peer, by titles."""
    found: dict[str, dict[str, Units]] = {}
    with _tapped(place.endpoint_url) as (endpoint_url, usage):
        through = Place(endpoint_url, place.prefix, place.peer)
        for peer in peers:
            with working(peer, through, python) as worker:
                for operation in operations:
                    if does(peer, operation):
                        units = _used(worker, evolve(operation, batch=1, threads=1), usage)
                        found.setdefault(operation.title, {})[peer.title] = units
    return found


def _used(worker: Worker, once: Operation, usage: Usage) -> Units:
    worker.run(once)  # the first time does it once more
    usage.requests, usage.read_units, usage.write_units = 0, 0, 0
    worker.run(once)
    return Units(usage.requests, usage.read_units, usage.write_units)


@contextmanager
def _tapped(endpoint_url: str) -> Iterator[tuple[str, Usage]]:
    """A server that passes everything on, where it answers, and what was used through it."""
    usage = Usage()
    handler = type("Tap", (_Tap,), {"engine": urlsplit(endpoint_url).netloc, "usage": usage})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", usage
        finally:
            server.shutdown()


class _Tap(BaseHTTPRequestHandler):
    """One connection of a peer. Each request goes on over a connection of its own."""

    protocol_version = "HTTP/1.1"
    engine: str
    usage: Usage

    def do_POST(self) -> None:
        """Passes a request on, asks the engine what it consumed, and counts that."""
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = {**request, "ReturnConsumedCapacity": "TOTAL"}
        headers = {n: self.headers[n] for n in ("Authorization", "Content-Type", "X-Amz-Target")}
        connection = http.client.HTTPConnection(self.engine)
        connection.request("POST", "/", orjson.dumps(asked), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self._count(operation, request, json.loads(body, object_hook=_binary))
        self.send_response(answer.status)
        for name in ("Content-Type", "x-amzn-RequestId", "x-amz-crc32"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _count(self, operation: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        reads, writes = reported_units(operation, answer)
        if operation not in WRITES:  # the engine gets these wrong
            reads = read_units(operation, request, answer)
        self.usage.add(requests=1, read_units=reads, write_units=writes)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 as inherited
        """Says nothing."""


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """Binary values as bytes, as the rules count these."""
    return {"B": b64decode(value["B"])} if value.keys() == {"B"} else value
