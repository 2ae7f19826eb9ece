"""Fixtures: relays on each provider and engine, and the whole service with a scripted destination.

Without moto: it is wrong about transactions, with which every batch of a key ends.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from attrs import define
from dependency_injector.providers import Factory

from api.composition.dynamodb import message_changes_of
from api.container import Container, build_container
from infrastructure.memory.provider import MemoryProvider
from infrastructure.outbox.relays import BatchRelay
from infrastructure.settings.settings import Settings
from tests.relaying.destinations import ScriptedDestination
from tests.relaying.running import Relaying, relaying
from tests.samples.contexts import SAMPLES
from tests.stores import REGION, Store, client_of, dynamodb_store, promise_tables_of
from tests.subscription.subscribing import FakeClock

MEMORY = "memory"
ON_EACH_PROVIDER = [MEMORY, pytest.param("ministack", marks=pytest.mark.engine)]
"""For what does not depend on an engine's stream."""

EVERYWHERE = [
    *ON_EACH_PROVIDER,
    pytest.param("dynamodb_local", marks=pytest.mark.engine),
]


@pytest.fixture(params=EVERYWHERE)
def relays(request: pytest.FixtureRequest) -> Relaying:
    """The relays of an empty store on every provider and engine in turn."""
    if request.param == MEMORY:
        return relaying(Store(MEMORY, MemoryProvider()))
    endpoint = request.getfixturevalue(request.param).endpoint_url
    return relaying(dynamodb_store(request.param, client_of(endpoint)))


@define
class Service:
    """A container, its tables made, whose clock and destinations the tests hold."""

    container: Container
    clock: FakeClock
    destination: ScriptedDestination


@pytest.fixture(autouse=True)
def _shared_clients(shared_clients: None) -> None:
    """Each test has a container of its own, and many have nothing else that is slow."""


@pytest.fixture(params=EVERYWHERE)
def service(request: pytest.FixtureRequest) -> Service:
    """An empty service on every provider and engine in turn."""
    if request.param == MEMORY:
        return serve(Settings(environment="test"))
    settings = on_engine(request.getfixturevalue(request.param).endpoint_url, new_prefix())
    service = serve(settings)
    promise_tables_of(service.container)
    return service


def new_prefix() -> str:
    return f"test-{uuid4().hex}-"


def on_engine(endpoint_url: str, table_prefix: str) -> Settings:
    return Settings(
        environment="test",
        provider="dynamodb",
        endpoint_url=endpoint_url,
        region=REGION,
        table_prefix=table_prefix,
    )


def serve(settings: Settings) -> Service:
    """A service by these settings. It makes no tables."""
    service = Service(build_container(settings), FakeClock(), ScriptedDestination())
    container = service.container
    container.contexts.override(SAMPLES)
    container.clock.override(service.clock)
    destinations = {"people": service.destination, "parcels": service.destination}
    container.publishers.override(destinations)
    if settings.provider == MEMORY:
        # It has no stream that somebody could deliver, but for the tests: they make the records.
        batch_relay = Factory(
            BatchRelay,
            changes_of=message_changes_of,
            relay=container.relay,
            outbox=container.outbox,
        )
        container.batch_relay.override(batch_relay)
    return service
