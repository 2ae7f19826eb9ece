"""The relay as an AWS Lambda function, called by the outbox table's stream, or by a schedule.

As the function's handler name `api.lambdas.outbox_relay.handler`. The stream's event source
mapping needs `ReportBatchItemFailures`; with the filter pattern in `FILTER` it brings only what is
pending. A schedule, say every minute, publishes what Lambda gave up to deliver. The function's
timeout should be longer than a lease: with less than five seconds left, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from api.bootstrap import start
from api.container import Container

FILTER = '{"dynamodb": {"NewImage": {"outstanding": {"S": [{"prefix": "pending#"}]}}}}'
"""For the event source mapping: what has another form is no pending message.

Source: AWS Lambda Developer Guide, "Control which events Lambda sends to your function".
"""

_LEFT_MILLISECONDS = 5_000
"""With less time than this left, nothing more is sent: enough to store what was."""

Event = Mapping[str, Any]
"""What Lambda hands over: `Records` of the stream, or anything else from a schedule."""


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may run still."""
        ...


def handler(event: Event, context: Context) -> dict[str, Any]:
    """Publishes what the records tell, or all that is pending; answers as Lambda expects.

    For a stream: `batchItemFailures` with the sequence numbers of the records whose messages are
    pending still; Lambda goes back to the lowest of them. For a schedule: what came of it. Raises a
    `StorageError` where the store fails: Lambda delivers the whole batch again.
    """
    return handle(_container(), event, context)


def handle(container: Container, event: Event, context: Context) -> dict[str, Any]:
    """The same with this container. What was measured is written by the end of it."""
    try:
        return _work(container, event, context)
    finally:
        # Afterwards the function may be frozen for as long as there is nothing to do.
        container.telemetry().flush()


def _work(container: Container, event: Event, context: Context) -> dict[str, Any]:
    def is_late() -> bool:
        return context.get_remaining_time_in_millis() < _LEFT_MILLISECONDS

    if "Records" not in event:
        report = container.polling_relay().run_once(is_late)
        return {"published": report.published, "failed": len(report.failed)}
    failed = container.batch_relay().handle(event["Records"], is_late)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


@cache
def _container() -> Container:
    # Once for all calls of this instance of the function.
    container = start()
    container.batch_relay()  # raises, so that the function does not start, where there is none
    return container
