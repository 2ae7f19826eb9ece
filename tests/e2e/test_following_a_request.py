"""One request, followed by its correlation id to the message that it causes, and to the relay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from attrs import evolve
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from api.container import Container
from infrastructure.settings.settings import Settings
from infrastructure.system.logs import configure_logs
from infrastructure.telemetry import names
from tests.e2e.clients import Api, registration
from tests.relaying.destinations import ALWAYS, ScriptedDestination
from tests.telemetry import Told, attributes

ID = "request-1"

Logged = Callable[[str], list[dict[str, Any]]]
"""Gives the lines of an event that bear the id."""


@pytest.fixture
def told() -> Iterator[Told]:
    """Listens to containers that are made from now on."""
    told = Told()
    with Container.telemetry.override(told.telemetry):
        yield told


@pytest.fixture
def settings(settings: Settings, told: Told) -> Settings:
    return evolve(settings, log_level="debug")


@pytest.fixture
def logged() -> Logged:
    """What is logged from now on, as a machine reads it."""
    written = StringIO()

    def lines(event: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        return [
            line for line in found if (line["event"], line.get("correlation_id")) == (event, ID)
        ]

    configure_logs("debug", as_json=True)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=written))
    return lines


@pytest.fixture
def destination(container: Container) -> ScriptedDestination:
    destination = ScriptedDestination()
    names_of_all = container.destinations().by_name
    container.publishers.override(dict.fromkeys(names_of_all, destination))
    return destination


def register(container: Container) -> str:
    """Sends the request; the id of the user who is registered by it."""
    headers = {"X-Correlation-Id": ID}
    answer = Api(container).post("/users", json=registration(), headers=headers)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def test_the_message_bears_the_id_of_the_request_that_caused_it(
    told: Told, destination: ScriptedDestination, container: Container
) -> None:
    register(container)
    container.polling_relay().run_once()

    assert [message.correlation_id for message in destination.accepted] == [ID]


def test_so_do_the_span_of_the_request_and_the_one_around_publishing(
    told: Told, destination: ScriptedDestination, container: Container
) -> None:
    register(container)
    container.polling_relay().run_once()

    [server] = [span for span in told.spans if span.kind is SpanKind.SERVER]
    [producer] = [span for span in told.spans if span.kind is SpanKind.PRODUCER]
    assert attributes(server)[names.CORRELATION_ID] == ID
    assert attributes(producer)[names.CORRELATION_IDS] == (ID,)
    assert attributes(producer)[names.CONVERSATION_ID] == ID


def test_so_do_the_lines_about_the_message(
    destination: ScriptedDestination, container: Container, logged: Logged
) -> None:
    register(container)
    container.polling_relay().run_once()

    [line] = logged("message sent")
    assert (line["outcome"], line["destination"]) == ("Accepted", "users")


def test_so_does_the_line_about_its_failure(
    destination: ScriptedDestination, container: Container, logged: Logged
) -> None:
    user_id = register(container)
    [pending] = container.outbox().get_pending(user_id, 10).value
    destination.refusals = {pending.key.message_id: ALWAYS}

    container.polling_relay().run_once()

    assert [line["message"] for line in logged("message not published")] == [str(pending.key)]


@pytest.mark.parametrize("settings", ["dynamodb"], indirect=True)
@pytest.mark.engine
def test_so_does_every_request_to_dynamodb_within_the_trace_of_the_request(
    told: Told, container: Container, logged: Logged
) -> None:
    register(container)

    [server] = [span for span in told.spans if span.kind is SpanKind.SERVER]
    clients = [span for span in told.spans if span.kind is SpanKind.CLIENT]
    assert {attributes(span)[names.CORRELATION_ID] for span in clients} == {ID}
    assert {trace_of(span) for span in clients} == {trace_of(server)}
    [commit] = [s for s in clients if attributes(s)[names.DB_OPERATION] == "TransactWriteItems"]
    assert len(attributes(commit)[names.CONSUMED_CAPACITY]) == 2
    assert [line["operation"] for line in logged("dynamodb operation")] == [
        attributes(span)[names.DB_OPERATION] for span in clients
    ]


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)
