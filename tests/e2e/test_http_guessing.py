"""Guessing passwords over HTTP: what is told, and by whose address failures are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import uvicorn
from attrs import evolve
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from api.cli import listening
from api.cli.listening import HttpServer
from api.container import Container
from api.http.app import create_app
from tests.commands import Cli
from tests.e2e.clients import ADA, GRACE, PASSWORD, Api, ManualClock

ALLOWED = 10
OVER_HTTP = pytest.mark.parametrize("settings", ["memory"], indirect=True)


def guess(api: Api, email: str = ADA, password: str = "wrong") -> Response:
    answer: Response = api.post("/sessions", json={"email": email, "password": password})
    return answer


def test_guessing_is_refused_with_the_time_to_wait_and_told_alike_for_any_address(
    api: Api, clock: ManualClock
) -> None:
    api.register(ADA)
    answers = [[guess(api, email) for _ in range(ALLOWED + 1)] for email in (ADA, GRACE)]

    for known_or_not in answers:
        assert [answer.status_code for answer in known_or_not] == [401] * ALLOWED + [429]
    known, unknown = (found[-1] for found in answers)
    assert known.json() == unknown.json()
    assert known.json()["type"] == "urn:dynastrata:problem:too-many-failures"
    assert known.headers["Retry-After"] == "900"
    assert guess(api, password=PASSWORD).status_code == 429
    clock.advance(minutes=15)
    assert guess(api, password=PASSWORD).status_code == 201


def test_guessing_the_present_password_is_refused_as_well(api: Api) -> None:
    path, headers = f"/users/{api.register()['id']}/password", api.bearer()
    body = {"current_password": "wrong", "new_password": "another horse"}

    answers = [api.put(path, json=body, headers=headers) for _ in range(ALLOWED + 1)]

    assert [answer.status_code for answer in answers] == [401] * ALLOWED + [429]
    assert "Retry-After" in answers[-1].headers
    assert guess(api, password=PASSWORD).status_code == 429


def tell(app: ASGIApp, *requests: tuple[str, str]) -> list[int]:
    """The statuses of wrong sign-ins, each from a peer and with its `X-Forwarded-For`."""

    async def send() -> list[int]:
        statuses = []
        for peer, forwarded in requests:
            transport = ASGITransport(app, client=(peer, 1))
            async with AsyncClient(transport=transport, base_url="http://test") as client:
                headers = {"X-Forwarded-For": forwarded} if forwarded else {}
                body = {"email": ADA, "password": "wrong"}
                answer = await client.post("/sessions", json=body, headers=headers)
                statuses.append(answer.status_code)
        return statuses

    return asyncio.run(send())


@OVER_HTTP
@pytest.mark.parametrize(
    ("peers", "is_one_source"),
    [
        (["192.0.2.1"], True),
        (["192.0.2.1", "192.0.2.2"], False),
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"], True),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], False),
        (["192.0.2.1", "::ffff:192.0.2.1"], True),
        (["::ffff:192.0.2.1", "::ffff:192.0.2.2"], False),
        (["", "/run/service.socket"], False),
    ],
)
def test_an_address_or_the_network_of_one_is_a_source(
    peers: Sequence[str], is_one_source: bool, container: Container
) -> None:
    container.settings.override(
        evolve(container.settings(), failures_per_account_and_source=f"{len(peers)} per 15 minutes")
    )

    statuses = tell(create_app(container), *((peer, "") for peer in [*peers, peers[0]]))

    assert statuses == [401] * len(peers) + [429 if is_one_source else 401]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, command: Cli) -> ASGIApp:
    """The application as `serve` lets uvicorn run it behind a proxy that is trusted."""
    configs: list[uvicorn.Config] = []

    def start_later(worker: HttpServer, _: object, __: float) -> None:
        configs.append(worker.server.config)

    monkeypatch.setattr(listening, "until_stopped", start_later)
    done = command(
        "serve",
        DYNASTRATA_ENVIRONMENT="test",
        DYNASTRATA_HTTP_TRUSTED_PROXIES="10.0.0.0/16",
        DYNASTRATA_FAILURES_PER_ACCOUNT_AND_SOURCE="1 per hour",
    )
    assert done.exit_code == 0, done.output
    (config,) = configs
    config.load()
    app: ASGIApp = config.loaded_app
    return app


def test_behind_a_trusted_proxy_the_source_is_what_the_proxy_saw(served: ASGIApp) -> None:
    proxy = "10.0.7.7"
    statuses = tell(
        served,
        (proxy, "198.51.100.1"),
        (proxy, "198.51.100.2"),
        # What comes before the address that the proxy added is what the client claims.
        (proxy, "203.0.113.9, 198.51.100.1"),
    )

    assert statuses == [401, 401, 429]


def test_who_is_no_trusted_proxy_is_not_believed(served: ASGIApp) -> None:
    statuses = tell(served, ("192.0.2.1", "198.51.100.1"), ("192.0.2.1", "198.51.100.2"))

    assert statuses == [401, 429]
