"""Fixtures: the whole service on each provider, with cheap hashing, a clock and a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from typer.testing import Result

from api.container import Container, build_container
from infrastructure.engines.process import LOOPBACK, reserved_port
from infrastructure.settings.settings import Settings
from infrastructure.system.notifiers import MemoryNotifier
from tests.commands import Cli, run, variables
from tests.e2e.clients import CHEAP, Api, ManualClock
from tests.engines import leave_out
from tests.orders.samples import PRICES
from tests.stores import promise_tables_of

REGION = "us-east-1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On DynamoDB the first case of each test runs: cases differ in the request, not in the store.

    With `--every-engine` all of them do.
    """
    if config.getoption("--every-engine"):
        return
    seen = set[str]()
    more = set[str]()
    for item in items:
        test, _, case = item.nodeid.partition("[")
        if test.startswith("tests/e2e/") and "dynamodb" in case:
            if test in seen:
                more.add(item.nodeid)
            seen.add(test)
    leave_out(config, items, more)


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.engine)])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty store on each provider."""
    if request.param == "memory":
        return Settings(environment="test", region=REGION)
    engine = request.getfixturevalue("ministack")
    return Settings(
        environment="test",
        provider="dynamodb",
        endpoint_url=engine.endpoint_url,
        region=REGION,
        table_prefix=f"test-{uuid4().hex}-",
        blob_bucket="blobs",
    )


@pytest.fixture(autouse=True)
def _shared_clients(shared_clients: None) -> None:
    """Each test has a container of its own, and many have nothing else that is slow."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def container(settings: Settings, clock: ManualClock) -> Container:
    """The container of the service; its tables are there."""
    container = build_container(settings)
    container.password_hasher.override(CHEAP)
    container.notifier.override(MemoryNotifier())
    container.clock.override(clock)
    container.price_list.override(PRICES)
    promise_tables_of(container)
    return container


@pytest.fixture
def api(container: Container) -> Api:
    """A client of its HTTP API."""
    return Api(container)


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else is given."""
    with reserved_port() as port:
        yield port


@pytest.fixture
def unreachable(port: int) -> dict[str, str]:
    """Variables of a store that is not there."""
    return {
        "DYNASTRATA_PROVIDER": "dynamodb",
        "DYNASTRATA_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "DYNASTRATA_REGION": REGION,
        "DYNASTRATA_RETRY_BASE_SECONDS": "0",
    }


@pytest.fixture
def _cheap_hashing() -> Iterator[None]:
    with Container.password_hasher.override(CHEAP):
        yield


@pytest.fixture
def cli(settings: Settings, _cheap_hashing: None) -> Cli:
    """Runs a command on the same store as `container`; on memory each command has its own."""

    def run_there(*arguments: str, answers: str | None = None, **env: str) -> Result:
        return run(*arguments, answers=answers, env={**variables(settings), **env})

    return run_there


@pytest.fixture
def command(_cheap_hashing: None) -> Cli:
    """Runs a command with these variables and no others."""

    def run_here(*arguments: str, **env: str) -> Result:
        return run(*arguments, env=dict(env))

    return run_here
