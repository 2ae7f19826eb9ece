"""Measures what telemetry costs a read where nobody listens: the CPU time of this process.

`python -m scripts.measure_telemetry 300` reads in so many rounds, a few times each in turn with
telemetry and without any, through the whole client of AWS, which is answered here instead of by a
service. So nothing else is measured: neither an engine nor the network. Rounds are short, so that
whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any
from zlib import crc32

import boto3
import orjson
from botocore.awsrequest import AWSResponse
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from infrastructure.dynamodb.gateway.gateway import Client, Gateway, check_answers
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry, Observation
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.metering import Meter
from infrastructure.telemetry.telemetry import Telemetry

READS = 20
ROUNDS = 300

_REQUEST = {"TableName": "users", "Key": {"id": {"S": "ada"}}, "ConsistentRead": True}
_ANSWER = {
    "Item": {"id": {"S": "ada"}, "version": {"N": "7"}, "name": {"S": "Ada Lovelace"}},
    "ConsumedCapacity": {"TableName": "users", "CapacityUnits": 1.0},
}


class _Body:
    """The raw body of a canned answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


class _Silent(GatewayTelemetry):
    """Does nothing at all: what the gateway would cost without any telemetry."""

    def observe(self, operation: str, request: Mapping[str, Any]) -> Any:
        return nullcontext(_NOTHING)


class _Nothing(Observation):
    def __init__(self) -> None:
        """Has nothing."""

    def answered(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return answer


_NOTHING = _Nothing()


def canned_client() -> Client:
    """A client whose every request is answered at once, with the same item."""
    session = boto3.Session("local", "local", region_name="eu-central-1")
    client = session.client("dynamodb")
    content = orjson.dumps(_ANSWER)
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": str(len(content)),
        "x-amz-crc32": str(crc32(content)),
        "x-amzn-RequestId": "request",
    }

    def answer(request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, 200, headers, _Body(content))

    client.meta.events.register("before-send.dynamodb", answer)
    check_answers(client)
    return client


def listening() -> Telemetry:
    """Spans and metrics are recorded, and go nowhere."""
    return Telemetry(TracerProvider(), MeterProvider([InMemoryMetricReader()]))


def measure(rounds: int, reads: int = READS) -> Mapping[str, float]:
    """Microseconds of CPU a read, the median of the rounds, by what is told of it."""
    client = canned_client()
    kinds: Mapping[str, GatewayTelemetry] = {
        "no telemetry": _Silent(),
        "nobody listens": GatewayTelemetry(),
        "all is recorded": GatewayTelemetry(listening()),
    }
    doors = {
        name: Gateway(client, Meter(), RetryPolicy(), telemetry=kind)
        for name, kind in kinds.items()
    }
    took: dict[str, list[float]] = {name: [] for name in doors}
    for door in doors.values():
        _read(door, reads)  # what is made once does not count
    for turn in range(rounds):
        # Each is the first as often as the others.
        names = deque(doors)
        names.rotate(turn)
        for name in names:
            began = time.process_time()
            _read(doors[name], reads)
            took[name].append((time.process_time() - began) / reads * 1e6)
    return {name: statistics.median(each) for name, each in took.items()}


def _read(door: Gateway, times: int) -> None:
    for _ in range(times):
        door.call("GetItem", _REQUEST)


def main(rounds: int) -> None:
    """Prints what was measured."""
    found = measure(rounds)
    without = found["no telemetry"]
    for name, microseconds in found.items():
        more = (microseconds / without - 1) * 100
        print(f"{name:16} {microseconds:7.1f} us of CPU a read, {more:+.1f} %")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
