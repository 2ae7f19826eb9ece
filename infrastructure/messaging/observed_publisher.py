"""What is told of publishing: a span around each call of a publisher, metrics, a line a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import structlog
from attrs import frozen
from opentelemetry.trace import Span, SpanKind, StatusCode
from typing_extensions import override

from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, NotSent, Outcome
from infrastructure.messaging.forwarding_publisher import ForwardingPublisher
from infrastructure.telemetry import names
from infrastructure.telemetry.telemetry import Telemetry

SEND = "send"

_WENT_WELL = (Accepted, NotSent)

logger = structlog.get_logger(__name__)


@frozen
class Broker:
    """What a destination is to the conventions: the system, and the queue, topic or bus there."""

    system: str
    destination: str


class PublishingTelemetry:
    """The instruments of publishing. With `debug` every message has its line in the log.

    By the semantic conventions of OpenTelemetry for messaging.
    """

    def __init__(self, telemetry: Telemetry | None = None, *, debug: bool = False) -> None:
        telemetry = telemetry or Telemetry()
        meter = telemetry.meter
        self.debug = debug
        self.tracer = telemetry.tracer
        self.duration = meter.create_histogram(
            names.MESSAGING_DURATION,
            "s",
            "Duration of requests to a destination.",
            explicit_bucket_boundaries_advisory=names.MESSAGING_DURATION_BUCKETS,
        )
        self.sent = meter.create_counter(
            names.SENT_MESSAGES, "{message}", "Messages that were tried to be sent."
        )


@frozen
class ObservedPublisher(ForwardingPublisher):
    """A publisher whose calls are told. All else is as it says."""

    broker: Broker
    to: PublishingTelemetry

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        started = perf_counter()
        name = f"{SEND} {self.broker.destination}"
        with self.to.tracer.start_as_current_span(name, kind=SpanKind.PRODUCER) as span:
            outcomes = self.publisher.publish(messages)
            failed = [type(each).__name__ for each in outcomes if not isinstance(each, _WENT_WELL)]
            if span.is_recording():
                self._describe(span, messages, failed)
            self._measure(perf_counter() - started, outcomes, failed)
        if self.to.debug:
            self._log(messages, outcomes)
        return outcomes

    @property
    def _dimensions(self) -> dict[str, Any]:
        return {
            names.MESSAGING_SYSTEM: self.broker.system,
            names.MESSAGING_OPERATION: SEND,
            names.MESSAGING_OPERATION_TYPE: SEND,
            names.MESSAGING_DESTINATION: self.broker.destination,
        }

    def _describe(self, span: Span, messages: Sequence[OutboxMessage], failed: list[str]) -> None:
        span.set_attributes(self._dimensions)
        ids = sorted({m.correlation_id for m in messages if m.correlation_id is not None})
        span.set_attribute(names.CORRELATION_IDS, ids)
        if len(messages) == 1:
            span.set_attribute(names.MESSAGE_ID, messages[0].message_id or "")
            if ids:
                span.set_attribute(names.CONVERSATION_ID, ids[0])
        else:
            span.set_attribute(names.MESSAGING_COUNT, len(messages))
        if failed:
            span.set_attribute(names.ERROR_TYPE, failed[0])
            span.set_status(StatusCode.ERROR, f"{len(failed)} of {len(messages)} failed")

    def _measure(self, seconds: float, outcomes: Sequence[Outcome], failed: list[str]) -> None:
        error = {names.ERROR_TYPE: failed[0]} if failed else {}
        self.to.duration.record(seconds, self._dimensions | error)
        for kind, count in Counter(map(type, outcomes)).items():
            error = {} if kind is Accepted else {names.ERROR_TYPE: kind.__name__}
            if kind is not NotSent:
                self.to.sent.add(count, self._dimensions | error)

    def _log(self, messages: Sequence[OutboxMessage], outcomes: Sequence[Outcome]) -> None:
        for message, outcome in zip(messages, outcomes, strict=True):
            logger.debug(
                "message sent",
                outcome=type(outcome).__name__,
                destination=message.destination,
                message_type=message.message_type,
                message=f"{message.ordering_key}/{message.message_id}",
                correlation_id=message.correlation_id,
            )
