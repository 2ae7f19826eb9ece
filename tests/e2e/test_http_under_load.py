"""What the service still answers while all that can be taken is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from itertools import islice
from threading import Event, Semaphore
from typing import Literal

import argon2
import pytest
from anyio.to_thread import current_default_thread_limiter
from attrs import define, field, frozen
from httpx import ASGITransport, AsyncClient, Response
from structlog.testing import capture_logs
from typing_extensions import override

from api.container import Container
from api.http.app import create_app
from infrastructure.settings.settings import Settings
from infrastructure.system.passwords import MAX_WAITING, Argon2Hasher
from tests.e2e.clients import PASSWORD, PROBLEM, Api

REQUESTS = 80
THREADS = 45
PATIENCE = 60.0
"""Seconds after which a test gives up. None of them needs any."""


@pytest.fixture
def settings() -> Settings:
    return Settings(environment="test", http_threads=THREADS, http_wait_seconds=PATIENCE)


@define
class Gate:
    """Who comes to it tells so, and stands there until it opens."""

    come: Semaphore = field(factory=lambda: Semaphore(0))
    opened: Event = field(factory=Event)

    def pass_through(self) -> None:
        self.come.release()
        assert self.opened.wait(PATIENCE)

    async def stood_at_by(self, number: int) -> None:
        for _ in range(number):
            assert await asyncio.to_thread(self.come.acquire, timeout=PATIENCE)


@frozen
class Hanging:
    """A store that answers once the gate opens."""

    gate: Gate

    def status(self) -> list[object]:
        self.gate.pass_through()
        return []


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


Scenario = Callable[[AsyncClient, list[asyncio.Task[Response]]], Awaitable[None]]


def play(
    container: Container,
    gate: Gate,
    send: Callable[[AsyncClient, int], Coroutine[None, None, Response]],
    scenario: Scenario,
) -> list[int]:
    """The statuses of eighty requests that are under way while the scenario is played."""

    async def play_it() -> list[int]:
        app = create_app(container)
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            requests = [asyncio.create_task(send(client, n)) for n in range(REQUESTS)]
            try:
                await asyncio.wait_for(scenario(client, requests), PATIENCE)
            finally:
                gate.opened.set()
            return [answer.status_code for answer in await asyncio.gather(*requests)]

    return asyncio.run(play_it())


async def sign_in(client: AsyncClient, number: int) -> Response:
    body = {"email": f"user{number}@example.com", "password": PASSWORD}
    return await client.post("/sessions", json=body)


async def be_ready(client: AsyncClient, _: int) -> Response:
    return await client.get("/ready")


def lives_without_a_thread(gate: Gate) -> Scenario:
    """Every thread that serves requests stands at the gate, and `/health` answers."""

    async def scenario(client: AsyncClient, requests: list[asyncio.Task[Response]]) -> None:
        await gate.stood_at_by(THREADS)
        assert current_default_thread_limiter().available_tokens == 0

        assert (await client.get("/health")).json() == {"status": "ok"}
        assert not any(request.done() for request in requests)

    return scenario


def test_it_tells_that_it_lives_while_every_thread_hashes(container: Container, gate: Gate) -> None:
    class Hashing(Argon2Hasher):
        @override
        def matches(self, password: str, password_hash: str | None) -> bool:
            gate.pass_through()
            return False

    with container.password_hasher.override(Hashing()):
        assert play(container, gate, sign_in, lives_without_a_thread(gate)) == [401] * REQUESTS


def test_it_tells_that_it_lives_while_the_store_hangs(container: Container, gate: Gate) -> None:
    with container.table_initializer.override(Hanging(gate)):
        assert play(container, gate, be_ready, lives_without_a_thread(gate)) == [200] * REQUESTS


@pytest.mark.parametrize(
    ("settings", "waiting"),
    [
        (
            Settings(
                environment="test", http_threads=THREADS, http_waiting=10, http_wait_seconds=60
            ),
            10,
        ),
        (Settings(environment="test", http_threads=THREADS, http_wait_seconds=0), 0),
    ],
    ids=["too many wait", "waiting for too long"],
)
def test_who_finds_no_thread_is_told_when_to_come_back_while_the_store_hangs(
    container: Container, gate: Gate, waiting: int
) -> None:
    places = THREADS + waiting

    async def scenario(client: AsyncClient, requests: list[asyncio.Task[Response]]) -> None:
        await gate.stood_at_by(THREADS)
        refused = [await each for each in islice(asyncio.as_completed(requests), REQUESTS - places)]

        assert {answer.status_code for answer in refused} == {503}
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        assert {answer.headers["Content-Type"] for answer in refused} == {PROBLEM}
        assert {answer.json()["type"] for answer in refused} == {
            "urn:dynastrata:problem:overloaded"
        }
        assert (await client.get("/health")).status_code == 200
        assert sum(not request.done() for request in requests) == places

    with container.table_initializer.override(Hanging(gate)), capture_logs():
        statuses = play(container, gate, be_ready, scenario)

    assert sorted(statuses) == [200] * places + [503] * (REQUESTS - places)


def test_a_body_that_comes_slowly_takes_no_thread_from_others(
    container: Container, api: Api, gate: Gate
) -> None:
    api.register()
    headers = {**api.bearer(), "If-Match": '"1"'}
    rest_comes = asyncio.Event()

    async def half_a_body() -> AsyncIterator[bytes]:
        yield b"{"
        gate.come.release()
        await rest_comes.wait()
        yield b"}"

    async def pay(client: AsyncClient, number: int) -> Response:
        key = {"Idempotency-Key": f'"{number}"'}  # so that the body is looked at
        body = half_a_body()
        return await client.post("/orders/1/payment", content=body, headers={**headers, **key})

    async def scenario(client: AsyncClient, requests: list[asyncio.Task[Response]]) -> None:
        await gate.stood_at_by(REQUESTS)
        try:
            assert (await client.get("/ready")).status_code == 200
            assert not any(request.done() for request in requests)
        finally:
            rest_comes.set()

    assert play(container, gate, pay, scenario) == [404] * REQUESTS


def test_who_finds_no_place_to_wait_is_told_when_to_come_back_and_others_are_served(
    container: Container, api: Api, gate: Gate
) -> None:
    class Held(argon2.PasswordHasher):
        @override
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            gate.pass_through()
            return super().verify(hash, password)

    ada, headers = api.register(), api.bearer()
    held = Held(time_cost=1, memory_cost=8, parallelism=1)
    hasher = Argon2Hasher(held, slots=1, wait_seconds=PATIENCE)
    places = 1 + MAX_WAITING

    async def scenario(client: AsyncClient, requests: list[asyncio.Task[Response]]) -> None:
        refused = [await each for each in islice(asyncio.as_completed(requests), REQUESTS - places)]

        assert {answer.status_code for answer in refused} == {429}
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        assert {answer.json()["type"] for answer in refused} == {
            "urn:dynastrata:problem:hashing-busy"
        }
        assert (await client.get("/health")).status_code == 200
        assert (await client.get(f"/users/{ada['id']}", headers=headers)).status_code == 200
        assert sum(not request.done() for request in requests) == places

    with container.password_hasher.override(hasher):
        statuses = play(container, gate, sign_in, scenario)

    assert sorted(statuses) == [401] * places + [429] * (REQUESTS - places)
