"""The one door to DynamoDB: retry, error translation and accounting live here, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from infrastructure.dynamodb.capacity import METERED, WRITES, read_units, reported_units
from infrastructure.dynamodb.client import Client
from infrastructure.dynamodb.errors import SDK_ERRORS, Failure, translate
from infrastructure.dynamodb.retry import RetryPolicy
from infrastructure.metering import Meter

Request = Mapping[str, Any]
Response = Mapping[str, Any]


class Gateway:
    """Sends requests, in the shapes of the botocore client (binary values are bytes).

    Safe to share between threads. `trust_read_units` takes the engine's word for them; without
    it they are reckoned by the documented rules, as local engines get them wrong.
    """

    def __init__(
        self, client: Client, meter: Meter, retry: RetryPolicy, *, trust_read_units: bool = True
    ) -> None:
        self._client = client
        self.meter = meter
        self._trust_read_units = trust_read_units
        self.retry = retry

    def call(self, operation: str, request: Request) -> Response:
        """The answer to an operation such as `PutItem`.

        Sends the same request until it is answered, refused for good, or attempts or time are
        used up. Raises a `StorageError`: `ConditionFailed` and `TransactionCancelled` for
        conditions that were not met. Its `maybe_applied` tells whether an earlier attempt of a
        write may have been applied, its answer lost.
        """
        started, maybe_applied, attempt = self.retry.monotonic(), False, 1
        while True:
            try:
                return self._send(operation, request)
            except SDK_ERRORS as cause:
                failure = translate(cause, operation, request)
                maybe_applied |= operation in WRITES and failure.error.maybe_applied
                pause = self.retry.pause_after(failure, attempt)
                waited = self.retry.monotonic() - started + pause
                if not self._may_retry(failure, attempt) or waited > self.retry.deadline:
                    raise evolve(
                        failure.error, attempts=attempt, maybe_applied=maybe_applied
                    ) from cause
            self.retry.sleep(pause)
            attempt += 1

    def _may_retry(self, failure: Failure, attempt: int) -> bool:
        return failure.transient and attempt < self.retry.attempts

    def _send(self, operation: str, request: Request) -> Response:
        self.meter.add(requests=1)
        method = getattr(self._client, _METHOD.sub("_", operation).lower())
        if operation not in METERED:
            answer: Response = method(**request)
            return answer
        answer = method(**request, ReturnConsumedCapacity="TOTAL")
        self._account(operation, request, answer)
        return answer

    def _account(self, operation: str, request: Request, answer: Response) -> None:
        reads, writes = reported_units(operation, answer)
        if not self._trust_read_units and operation not in WRITES:
            reads = read_units(operation, request, answer)
        self.meter.add(read_units=reads, write_units=writes)


_METHOD = re.compile(r"(?<=[a-z])(?=[A-Z])")
