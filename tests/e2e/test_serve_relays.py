"""`dynastrata serve` with a relay beside the HTTP API."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from threading import enumerate as all_threads
from urllib.request import Request, urlopen

import pytest
from fastapi import FastAPI

from api.container import Container, build_container
from api.http.app import create_app
from infrastructure.outbox.relays import PollingRelay
from infrastructure.settings.settings import Settings
from tests.commands import variables
from tests.e2e.clients import registration
from tests.e2e.servers import serving
from tests.outboxes import numbered
from tests.relaying.children import child
from tests.users.samples import messages_of_users

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
ON_DYNAMODB = pytest.mark.parametrize(
    "settings", [pytest.param("dynamodb", marks=pytest.mark.engine)], indirect=True
)


def register(port: int) -> str:
    """The id of a user who registers over HTTP."""
    request = Request(
        f"http://127.0.0.1:{port}/users",
        data=json.dumps(registration()).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 same
        return str(json.load(answer)["id"])


def relay_threads() -> list[str]:
    return [thread.name for thread in all_threads() if thread.name == PollingRelay.__name__]


def test_who_registers_is_published_without_another_relay(settings: Settings, port: int) -> None:
    with serving(settings, port, relays=True) as server:
        user_id = register(port)
        server.wait_until_published(1)
        server.end(signal.SIGTERM)

    (published,) = server.published
    assert published.ordering_key == user_id
    assert "message_type=UserRegistered" in next(x for x in server.told if "published" in x)


@ON_DYNAMODB
def test_without_it_messages_stay_pending(
    settings: Settings, container: Container, port: int
) -> None:
    with serving(settings, port, relays=False) as server:
        user_id = register(port)
        server.end(signal.SIGTERM)

    assert server.published == []
    (message,) = container.outbox().get_pending(user_id, 10).value
    assert message.message.message_type == "UserRegistered"


@ON_DYNAMODB
@SIGNALS
def test_shutting_down_it_ends_what_is_begun_so_that_nothing_is_repeated(
    settings: Settings, container: Container, port: int, number: signal.Signals
) -> None:
    keys = [f"key-{n}" for n in range(25)]
    with serving(settings, port, relays=True) as server:
        # At once, in one transaction.
        added = [m for k in keys for m in messages_of_users(*numbered(4), ordering_key=k)]
        container.outbox().add_many(added)
        server.wait_until_published(1)
        code = server.end(number)

    pending = sum(len(container.outbox().get_pending(key, 10).value) for key in keys)
    assert code == 0, server.told
    assert len(server.published) == len(set(server.published)) == 100 - pending
    assert container.polling_relay().run_once().published == pending


def lives(app: FastAPI, meanwhile: Callable[[], object]) -> None:
    """From the start of an app to its end, as a server has it."""

    async def live() -> None:
        async with app.router.lifespan_context(app):
            meanwhile()

    asyncio.run(live())


def test_the_relay_runs_in_a_thread_that_ends_with_the_server() -> None:
    container = build_container(Settings())
    app = create_app(container, relay=container.polling_relay())
    seen = list[str]()

    lives(app, lambda: seen.extend(relay_threads()))

    assert len(seen) == 1
    assert relay_threads() == []


def test_it_ends_too_where_the_server_fails() -> None:
    container = build_container(Settings())
    app = create_app(container, relay=container.polling_relay())
    with pytest.raises(ZeroDivisionError):
        lives(app, lambda: 1 / 0)
    assert relay_threads() == []


def test_it_says_by_its_exit_code_that_it_could_not_start(settings: Settings, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as taken:
        assert taken.getsockname()[1] == port
        with child("serve", "--port", str(port), env=variables(settings)) as server:
            assert server.process.wait(30) == 1
