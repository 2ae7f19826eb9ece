"""Answers that get lost while leases and checkpoints are written, on the real engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.tables.checkpoints import DynamoDBCheckpointTable
from infrastructure.engines import LocalEngine
from infrastructure.subscriptions.leases import CHECKPOINTS
from tests.faults.faulty_client import Fault, FaultyClient, answer_lost, refused, request_lost
from tests.stores import client_of, dynamodb_store
from tests.subscription.subscribing import RecordingCheckpoints, Subscribing, seen, subscribing

FAULTS = [answer_lost, request_lost, refused("ThrottlingException")]


@pytest.fixture
def trouble(engine: LocalEngine) -> tuple[Subscribing, FaultyClient]:
    """Subscriptions whose checkpoints go by way of a network that fails."""
    client = client_of(engine.endpoint_url)
    events = subscribing(dynamodb_store(engine.name, client))
    faulty = FaultyClient(client)
    gateway = Gateway(faulty, events.store.meter, RetryPolicy(sleep=lambda _: None))
    table = DynamoDBCheckpointTable(gateway, events.store.table(CHECKPOINTS))
    return evolve(events, checkpoints=RecordingCheckpoints(table)), faulty


def on_taking(events: Subscribing, client: FaultyClient, faults: list[Fault]) -> None:
    client.faults = list(faults)
    with events.subscribe() as subscription:
        assert len(seen(subscription)) == 3


def on_storing(events: Subscribing, client: FaultyClient, faults: list[Fault]) -> None:
    with events.subscribe() as subscription:
        assert len(seen(subscription, 3)) == 3
        client.faults = list(faults)
        assert seen(subscription) == []


def on_closing(events: Subscribing, client: FaultyClient, faults: list[Fault]) -> None:
    with events.subscribe() as subscription:
        assert len(seen(subscription)) == 3
        client.faults = list(faults)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", [on_taking, on_storing, on_closing])
def test_writing_again_is_no_lost_lease(
    trouble: tuple[Subscribing, FaultyClient],
    when: Callable[[Subscribing, FaultyClient, list[Fault]], None],
    fault: Fault,
) -> None:
    events, client = trouble
    events.commit("a", 3)

    when(events, client, [fault, fault])

    assert client.faults == []
    assert events.read() == []
    events.commit("a")
    assert events.read() == [("a", 4)]
