"""Fixtures: a healthy store, and the same store behind a network that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import define, evolve

from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from tests.faults.faulty_client import FaultyClient
from tests.stores import Store, client_of, dynamodb_store


@define
class Time:
    """A clock that moves only when someone waits for it or turns it."""

    now: float = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@define
class Faulty:
    """Two ways to one set of tables: `healthy` for the others, `store` for the one in trouble."""

    healthy: Store
    store: Store
    client: FaultyClient
    time: Time


@pytest.fixture
def make_faulty(engine: LocalEngine) -> Callable[[], Faulty]:
    """Makes empty stores behind a failing network, on every real engine in turn."""

    def make() -> Faulty:
        healthy = dynamodb_store(engine.name, client_of(engine.endpoint_url))
        assert isinstance(healthy.provider, DynamoDBProvider)
        client, time = FaultyClient(client_of(engine.endpoint_url)), Time()
        policy = RetryPolicy(sleep=time.sleep, monotonic=time.monotonic)
        gateway = Gateway(client, healthy.meter, policy)
        provider = evolve(healthy.provider, gateway=gateway)
        return Faulty(healthy, Store(engine.name, provider, healthy.meter), client, time)

    return make


@pytest.fixture
def faulty(make_faulty: Callable[[], Faulty]) -> Faulty:
    """An empty store behind a failing network, on every real engine in turn."""
    return make_faulty()
