"""What is told of each operation: a span, metrics, and a line in the log.

By the semantic conventions of OpenTelemetry for databases and for DynamoDB. Of items only keys are
told, never values of other attributes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import islice
from time import perf_counter
from types import TracebackType
from typing import Any

import structlog
from opentelemetry import metrics, trace
from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from application.errors import ResourceMissing, StorageError, Throttled
from application.event_context import current_event_context
from infrastructure.dynamodb.gateway.errors import (
    ConditionFailed,
    DataTrimmed,
    IteratorExpired,
    ResourceInUse,
    TransactionCancelled,
    tables_of,
)
from infrastructure.dynamodb.gateway.shapes import (
    KeyNames,
    Request,
    Response,
    batch_size,
    consumed_capacity,
    keys_of,
    request_id_of,
    units_of,
)
from infrastructure.system.logs import FAILURES_ARE_SHOWN
from infrastructure.telemetry import names
from infrastructure.telemetry.instruments import OperationInstruments
from infrastructure.telemetry.telemetry import Telemetry

logger = structlog.get_logger(__name__)

_REFUSED = (ConditionFailed, TransactionCancelled)
"""Conditions that were not met: answers as good as any."""

_ORDINARY = (*_REFUSED, DataTrimmed, IteratorExpired, ResourceInUse)
"""What a caller reckons with."""

_MAX_KEYS = 10
"""So many keys a line of the log has at most."""

_LOOK_SECONDS = 1.0
"""How often it is looked whether somebody listens: looking takes longer than all else here."""

_OF_THE_API = ("opentelemetry.trace", "opentelemetry.metrics")
"""Modules of the providers that only pass on, or drop, what they are told."""


class GatewayTelemetry:
    """Tells of what a gateway does. Where nobody listens, it computes nothing but for failures.

    Who begins to listen is noticed within a second. `key_names` lets it tell the keys of items that
    are put. With `debug` every operation has its line in the log, else only those that fail. Safe
    to share between threads and gateways.
    """

    is_tracing: bool
    is_measuring: bool

    def __init__(
        self,
        telemetry: Telemetry | None = None,
        key_names: KeyNames | None = None,
        *,
        debug: bool = False,
    ) -> None:
        self.telemetry = telemetry or Telemetry()
        self.key_names = key_names or {}
        self.debug = debug
        self._looked = -math.inf
        self.tracer = self.telemetry.tracer
        self.instruments = OperationInstruments(self.telemetry.meter)

    def observe(self, operation: str, request: Request) -> Observation:
        """For the `with` block in which an operation is done."""
        now = perf_counter()
        if now - self._looked >= _LOOK_SECONDS:
            self._look(now)
        return Observation(self, operation, request, now)

    def _look(self, now: float) -> None:
        ours = self.telemetry
        self.is_tracing = _listens(ours.tracer_provider or trace.get_tracer_provider())
        self.is_measuring = _listens(ours.meter_provider or metrics.get_meter_provider())
        self._looked = now


class Observation:
    """One operation, from the first attempt to the answer or the error that leaves the block."""

    def __init__(
        self, to: GatewayTelemetry, operation: str, request: Request, started: float
    ) -> None:
        self._to = to
        self._operation = operation
        self._request = request
        self._attempts = 1
        self._answer: Response = {}
        self._span: Span | None = None
        self._token: Any = None
        self._started = started

    def __enter__(self) -> Observation:
        if self._to.is_tracing:
            self._begin_span()
        return self

    def retried(self, error: StorageError) -> None:
        """An attempt failed with this error, and there will be another one."""
        self._attempts += 1
        kind = {names.ERROR_TYPE: type(error).__name__}
        if self._to.is_measuring:
            self._to.instruments.retries.add(1, self._dimensions() | kind)
            self._count_throttles(error)
        if self._span is not None:
            self._span.add_event("retry", kind)

    def answered(self, answer: Response) -> Response:
        """Takes the answer, and gives it back."""
        self._answer = answer
        return answer

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._to.is_measuring:
            self._measure(error)
        if self._span is not None:
            self._end_span(self._span, error)
        if error is None or self._is_ordinary(error):
            if self._to.debug:
                logger.debug("dynamodb operation", **self._facts(error))
        elif isinstance(error, StorageError) and not FAILURES_ARE_SHOWN.get():
            logger.warning("dynamodb operation failed", **self._facts(error))

    def _begin_span(self) -> None:
        tables, size = tables_of(self._request), batch_size(self._request)
        attributes = {**self._dimensions(), names.TABLE_NAMES: tables}
        if size > 1:
            attributes[names.DB_BATCH_SIZE] = size
        if (correlation_id := current_event_context().correlation_id) is not None:
            attributes[names.CORRELATION_ID] = correlation_id
        name = f"{self._operation} {tables[0]}" if len(tables) == 1 else self._operation
        self._span = self._to.tracer.start_span(name, None, SpanKind.CLIENT, attributes)
        self._token = attach(set_span_in_context(self._span))

    def _end_span(self, span: Span, error: BaseException | None) -> None:
        detach(self._token)
        if span.is_recording():
            span.set_attributes(self._outcome(error))
            span.set_attribute(names.ATTEMPTS, self._tried(error))
            if (request_id := self._request_id(error)) is not None:
                span.set_attribute(names.REQUEST_ID, request_id)
            if consumed := consumed_capacity(self._answer):
                capacity = [json.dumps(each, default=str) for each in consumed]
                span.set_attribute(names.CONSUMED_CAPACITY, capacity)
            if error is not None and not self._is_ordinary(error):
                span.set_status(StatusCode.ERROR, str(error))
        span.end()

    def _measure(self, error: BaseException | None) -> None:
        dimensions = self._dimensions()
        self._to.instruments.duration.record(self._seconds(), dimensions | self._outcome(error))
        if isinstance(error, _REFUSED):
            self._to.instruments.conflicts.add(1, dimensions)
        self._count_throttles(error)
        for consumed in consumed_capacity(self._answer):
            table = {names.DB_COLLECTION: str(consumed.get("TableName"))}
            self._to.instruments.capacity.add(units_of(consumed), dimensions | table)

    def _count_throttles(self, error: BaseException | None) -> None:
        for reason in error.reasons if isinstance(error, Throttled) else ():
            # Which limit, and not of which table, which is told anyway.
            limit = {names.REASON: reason.partition(" of ")[0]}
            self._to.instruments.throttles.add(1, self._dimensions() | limit)

    def _dimensions(self) -> dict[str, Any]:
        """What tells operations apart that are measured together."""
        tables = tables_of(self._request)
        return {
            names.DB_SYSTEM: names.DYNAMODB,
            names.DB_OPERATION: self._operation,
            **({names.DB_COLLECTION: tables[0]} if len(tables) == 1 else {}),
        }

    def _outcome(self, error: BaseException | None) -> dict[str, Any]:
        outcome = {}
        response = getattr(error.__cause__, "response", None) if error is not None else None
        if isinstance(response, Mapping) and (code := response.get("Error", {}).get("Code")):
            outcome[names.DB_STATUS] = str(code)
        if error is not None and not self._is_ordinary(error):
            outcome[names.ERROR_TYPE] = type(error).__name__
        return outcome

    def _facts(self, error: BaseException | None) -> dict[str, Any]:
        """The line in the log."""
        known = {
            "keys": [*islice(keys_of(self._request, self._to.key_names), _MAX_KEYS)],
            "request_id": self._request_id(error),
            "correlation_id": current_event_context().correlation_id,
            "error": None if error is None else type(error).__name__,
            "reason": None if error is None else str(error),
        }
        return {
            "operation": self._operation,
            "tables": [*tables_of(self._request)],
            "seconds": round(self._seconds(), 6),
            "attempts": self._tried(error),
            "units": sum(units_of(each) for each in consumed_capacity(self._answer)),
            # What has no value would hide what the context of the log tells of it.
            **{name: value for name, value in known.items() if value},
        }

    def _is_ordinary(self, error: BaseException) -> bool:
        # To ask whether there is a table is no failure where there is none.
        asked = isinstance(error, ResourceMissing) and self._operation.startswith("Describe")
        return asked or isinstance(error, _ORDINARY)

    def _tried(self, error: BaseException | None) -> int:
        return error.attempts if isinstance(error, StorageError) else self._attempts

    def _request_id(self, error: BaseException | None) -> str | None:
        if isinstance(error, StorageError):
            return error.request_id
        return request_id_of(self._answer)

    def _seconds(self) -> float:
        return perf_counter() - self._started


def _listens(provider: object) -> bool:
    return not type(provider).__module__.startswith(_OF_THE_API)
