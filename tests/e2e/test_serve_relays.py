"""`dynastrata serve` with a relay beside the HTTP API."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import enumerate as all_threads
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from api.cli.serve import _ending_by_itself, _relaying
from api.container import Container, build_container
from infrastructure.outbox.relays import PollingRelay
from infrastructure.settings.settings import Settings
from tests.commands import variables
from tests.e2e.clients import registration
from tests.outboxes import numbered
from tests.relaying.children import Child, child
from tests.users.samples import messages_of_users

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
ON_DYNAMODB = pytest.mark.parametrize(
    "settings", [pytest.param("dynamodb", marks=pytest.mark.engine)], indirect=True
)


@pytest.fixture
def port() -> int:
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
    return number


@contextmanager
def serving(settings: Settings, port: int, *, relays: bool) -> Iterator[Child]:
    """A server that is ready."""
    env = {
        **variables(settings),
        "DYNASTRATA_LOG_LEVEL": "info",
        "DYNASTRATA_RELAY_WHILE_SERVING": str(relays).lower(),
        "DYNASTRATA_RELAY_POLL_INTERVAL_MS": "20",
    }
    with child("serve", "--port", str(port), env=env) as server:
        server.wait_until(lambda: is_ready(port))
        yield server


def is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


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


def test_the_relay_runs_in_a_thread_that_ends_with_the_server() -> None:
    container = build_container(Settings())
    with _relaying(container):
        assert len(relay_threads()) == 1
    assert relay_threads() == []


def test_a_signal_interrupts_only_while_it_serves() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with _ending_by_itself():
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_ends_too_where_the_server_fails() -> None:
    with pytest.raises(ZeroDivisionError), _relaying(build_container(Settings())):
        1 / 0  # noqa: B018 it is what goes wrong
    assert relay_threads() == []


def test_it_says_by_its_exit_code_that_it_could_not_start(settings: Settings, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as taken:
        assert taken.getsockname()[1] == port
        with child("serve", "--port", str(port), env=variables(settings)) as server:
            assert server.process.wait(30) == 1
