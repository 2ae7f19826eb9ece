"""A faulty network in front of the engine: what callers are told is what is stored.

`python -m scripts.measure_outages` works for a minute, and prints how long calls take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from uuid import uuid4

import pytest
from dependency_injector import providers

from api.container import Container, build_container
from application.errors import StorageError
from infrastructure.engines import LocalEngine
from infrastructure.settings.settings import Settings
from tests.outages.faulty_endpoint import FAULTS, FaultyEndpoint, faulty_endpoint
from tests.outages.mixed_work import THREADS, differences, work
from tests.samples.contexts import SAMPLES

pytestmark = pytest.mark.engine

CALLS = 300


def container_at(endpoint_url: str, prefix: str, **settings: float) -> Container:
    """A service of the samples at this endpoint; its pauses are short."""
    container = build_container(
        Settings(
            provider="dynamodb",
            endpoint_url=endpoint_url,
            region="eu-central-1",
            table_prefix=prefix,
            destinations={"people": "memory:", "parcels": "memory:"},
            read_timeout_seconds=60,
            retry_base_seconds=0.001,
            throttling_base_seconds=0.001,
            **settings,  # type: ignore[arg-type]  # of as many types as there are settings
        )
    )
    container.contexts.override(providers.Object(SAMPLES))
    return container


@contextmanager
def service(
    engine: LocalEngine, rate: float, **settings: float
) -> Iterator[tuple[FaultyEndpoint, Container, Container]]:
    """The faulty endpoint, the service behind it, and the same one past it."""
    prefix = f"test-{uuid4().hex}-"
    past_it = container_at(engine.endpoint_url, prefix)
    past_it.table_initializer().create_missing()
    with faulty_endpoint(engine.endpoint_url, rate, seed=1) as (endpoint, url):
        behind_it = container_at(url, prefix, **settings)
        yield endpoint, behind_it, past_it
        for container in (behind_it, past_it):
            container.store().gateway._client.close()


def calls(number: int) -> Callable[[], bool]:
    """Whether there are calls left to make."""
    numbers = count()
    return lambda: next(numbers) < number


def test_nothing_is_lost_or_doubled_and_no_error_is_strange(engine: LocalEngine) -> None:
    with service(engine, 0.2) as (endpoint, container, past_it):
        account = work(container, calls(CALLS), seed=1)

        assert account.strange == []
        assert differences(account, past_it) == []
        assert account.calls == CALLS
        assert account.known("people", "committed")
        assert endpoint.met.keys() == {"fine", *FAULTS}


def test_during_an_outage_calls_fail_at_once_and_after_it_they_work(ministack: LocalEngine) -> None:
    open_for_good = 3600.0
    with service(ministack, 0, breaker_seconds=open_for_good) as (endpoint, container, past_it):
        endpoint.is_out = True
        account = work(container, calls(400), seed=2)

        # Every table fails ten times, and what all threads have on the way then; and no more.
        tables = container.adapters().left_alone
        assert account.errors["CircuitOpen"] > 200
        assert endpoint.met["out"] <= len(tables) * (10 + THREADS)
        assert account.strange == []
        assert differences(account, past_it) == []


def test_it_recovers_by_itself(ministack: LocalEngine) -> None:
    with service(ministack, 0, breaker_seconds=0.01) as (endpoint, container, _):
        endpoint.is_out = True
        work(container, calls(100), seed=3)
        endpoint.is_out = False

        for seed in range(100):
            work(container, calls(50), seed)
            if not container.adapters().left_alone:
                break
        account = work(container, calls(100), seed=4)

        assert (account.errors["CircuitOpen"], account.strange) == (0, [])


def test_without_a_breaker_the_quota_bounds_the_attempts(ministack: LocalEngine) -> None:
    quota, retry = 500, 14
    settings = {"breaker_failures": 1000, "retry_quota": quota}
    with service(ministack, 0, **settings) as (endpoint, container, _):
        endpoint.is_out = True
        for _ in range(100):
            with container.unit_of_work() as unit, pytest.raises(StorageError):
                unit.people.get("ada")

        assert endpoint.met["out"] == 100 + quota // retry
