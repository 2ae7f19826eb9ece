"""The one door to DynamoDB: retry, circuit breakers, error translation and accounting, once.

Capacity units are as the engine reports them, and read units by the documented rules where that is
a local engine, which gets some of them wrong. Rules: Amazon DynamoDB Developer Guide, "DynamoDB
read and write operations: capacity unit consumption".

`check_answers` goes with it: only a whole answer of the service counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
from attrs import evolve
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from application.errors import CircuitOpen, ServiceFault, Unreachable
from infrastructure.dynamodb.gateway.answers import check_members, check_whole
from infrastructure.dynamodb.gateway.errors import (
    SDK_ERRORS,
    BrokenAnswer,
    Failure,
    InProgress,
    tables_of,
    translate,
)
from infrastructure.dynamodb.gateway.observation import GatewayTelemetry, Observation
from infrastructure.dynamodb.gateway.retry import Retries, RetryPolicy
from infrastructure.dynamodb.items import Item, item_size
from infrastructure.metering import Meter
from infrastructure.system.breakers import Breakers

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
"""Operations that change data: a lost answer leaves their outcome open."""

METERED = WRITES | {"GetItem", "BatchGetItem", "Query", "Scan"}
"""Operations that consume capacity and report it: those that are used here."""

READ_UNIT = 4096
"""Bytes that one strongly consistent read unit covers."""

_METHOD = re.compile(r"(?<=[a-z])(?=[A-Z])")

_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Raised, here and in the SDK, by an answer of another shape, such as a list for an item."""

Client = Any
"""A botocore client; its methods are made at run time, so it has no static type."""

Request = Mapping[str, Any]
Response = Mapping[str, Any]


class Gateway:
    """Sends requests, in the shapes of the botocore client (binary values are bytes).

    Safe to share between threads. `trust_read_units` takes the engine's word for them; without
    it they are reckoned by the documented rules, as local engines get them wrong.
    """

    def __init__(
        self,
        client: Client,
        meter: Meter,
        retry: RetryPolicy,
        breakers: Breakers | None = None,
        *,
        trust_read_units: bool = True,
        telemetry: GatewayTelemetry | None = None,
    ) -> None:
        self._client = client
        self._telemetry = telemetry or GatewayTelemetry()
        self.meter = meter
        self.trust_read_units = trust_read_units
        self.retry = retry
        self.breakers = breakers or Breakers()
        self._quota = retry.new_quota()

    def call(self, operation: str, request: Request) -> Response:
        """The answer to an operation such as `PutItem`.

        Sends the same request until it is answered, refused for good, or attempts, time, or the
        retries that all calls share are used up. Raises a `StorageError`: `ConditionFailed` and
        `TransactionCancelled` for conditions that were not met, `CircuitOpen` where a table is left
        alone. Its `maybe_applied` tells whether an earlier attempt of a write may have been
        applied, its answer lost.
        """
        with self._telemetry.observe(operation, request) as observed:
            return observed.answered(self._call(operation, request, observed))

    def _call(self, operation: str, request: Request, observed: Observation) -> Response:
        self.meter.add(requests=1)
        retries, maybe_applied = Retries(self.retry, self._quota), False
        # Tables are made, described and deleted whether or not their data can be had.
        tables = tables_of(request) if operation in METERED else ()
        # What fails for several tables says of none of them that it is out.
        guarded = (*tables, ", ".join(tables)) if len(tables) > 1 else tables
        while True:
            seconds = self.breakers.refusal(guarded)
            if seconds is not None:
                raise CircuitOpen(
                    operation=operation,
                    table=", ".join(tables),
                    attempts=retries.attempt - 1,
                    maybe_applied=maybe_applied,
                    retry_after=seconds,
                )
            try:
                answer = self._send(operation, request)
            except SDK_ERRORS as cause:
                failure = translate(cause, operation, request)
                maybe_applied |= operation in WRITES and failure.error.maybe_applied
                is_out = self._is_out(failure, guarded, is_answer=isinstance(cause, ClientError))
                if is_out or not retries.wait_after(failure):
                    error = failure.error
                    attempts = retries.attempt
                    raise evolve(error, attempts=attempts, maybe_applied=maybe_applied) from cause
                observed.retried(failure.error)
            else:
                self.breakers.tell(guarded)
                retries.answered()
                return answer

    def _is_out(self, failure: Failure, guarded: Sequence[str], *, is_answer: bool) -> bool:
        """Whether these are left alone, now that this try failed, too."""
        error = failure.error
        if isinstance(error, (ServiceFault, Unreachable)) and not isinstance(error, InProgress):
            self.breakers.tell(guarded[-1:], error.detail or "no answer")
            return not self.breakers.open.keys().isdisjoint(guarded)
        if is_answer:  # a refusal; what the SDK does not send says nothing
            self.breakers.tell(guarded)
        return False

    def _send(self, operation: str, request: Request) -> Response:
        method = getattr(self._client, _method(operation))
        metered = {"ReturnConsumedCapacity": "TOTAL"} if operation in METERED else {}
        try:
            answer: Response = method(**request, **metered)
            if metered:
                self._account(operation, request, answer)
        except SDK_ERRORS:
            raise
        except _UNREADABLE as error:
            raise BrokenAnswer(what="has not the shape that it must have") from error
        return answer

    def _account(self, operation: str, request: Request, answer: Response) -> None:
        if not self.meter.is_open:
            return
        reads, writes = reported_units(operation, answer)
        if not self.trust_read_units and operation not in WRITES:
            reads = read_units(operation, request, answer)
        self.meter.add(read_units=reads, write_units=writes)


@cache
def _method(operation: str) -> str:
    return _METHOD.sub("_", operation).lower()


def check_answers(client: Client) -> None:
    """Lets a client of DynamoDB raise `BrokenAnswer` instead of reading a broken answer.

    botocore takes what it gets. It does not compare the length of a body with its header, the retry
    mode `standard` leaves out the checksum that `legacy` compares, and a body that is no JSON is
    read as an answer without members: any web server that answers 200 would store a user. Source:
    botocore 1.44, `httpsession.py`, `retries/standard.py`, `parsers.py`.
    """
    client.meta.events.register("before-parse", _check, unique_id="whole-answers")


def _check(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: Any) -> None:
    body, headers = response_dict["body"], response_dict["headers"]
    if "Content-Encoding" not in headers:  # length and checksum are those of the encoded body
        check_whole(body, headers)
    answer = _json_object(body)
    operation = operation_model.name
    is_success = response_dict["status_code"] < HTTPStatus.MULTIPLE_CHOICES
    if is_success and operation in METERED:
        check_members(operation, answer)


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BrokenAnswer(what="is no JSON") from error
    if not isinstance(answer, dict):
        raise BrokenAnswer(what="is no JSON object")
    return answer


def reported_units(operation: str, response: Mapping[str, Any]) -> tuple[float, float]:
    """Read and write units as the engine reports them in an answer."""
    consumed = response.get("ConsumedCapacity") or []
    reads = writes = 0.0
    for table in consumed if isinstance(consumed, list) else [consumed]:
        read, written = table.get("ReadCapacityUnits"), table.get("WriteCapacityUnits")
        if read is None and written is None:
            units = table.get("CapacityUnits", 0.0)
            read, written = (0.0, units) if operation in WRITES else (units, 0.0)
        reads, writes = reads + (read or 0.0), writes + (written or 0.0)
    return reads, writes


def read_units(operation: str, request: Mapping[str, Any], response: Mapping[str, Any]) -> float:
    """Read units by the rules, from the items in an answer.

    Exact for requests that neither filter nor project: what the service read and left out
    cannot be seen from here.
    """
    match operation:
        case "GetItem":
            found = [response["Item"]] if "Item" in response else []
            return _each(found, asked=1) * _consistency(request)
        case "BatchGetItem":
            return sum(
                _each(response["Responses"].get(table, ()), _answered(table, asked, response))
                * _consistency(asked)
                for table, asked in request["RequestItems"].items()
            )
        case _:  # a query or a scan
            return _units(sum(map(item_size, response["Items"]))) * _consistency(request)


def _each(items: Sequence[Item], asked: int) -> float:
    """Every item is rounded up by itself; looking for one that is missing costs a unit."""
    return sum(_units(item_size(item)) for item in items) + (asked - len(items))


def _answered(table: str, asked: Mapping[str, Any], response: Mapping[str, Any]) -> int:
    left = response.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
    return len(asked["Keys"]) - len(left)


def _units(size: int) -> int:
    return max(1, ceil(size / READ_UNIT))


def _consistency(request: Mapping[str, Any]) -> float:
    return 1.0 if request.get("ConsistentRead") else 0.5
