"""Fixtures: a store of the events of one example alone, on memory and the real engines."""

from __future__ import annotations

from functools import cache
from uuid import uuid4

import pytest
from attrs import evolve

from application.ports.dcb_store import DcbStore
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.engines import LocalEngine
from infrastructure.tagged_events.keys import EventKeys
from infrastructure.unit_of_work import CommitOptions
from tests.stores import Store, client_of, dynamodb_store, memory_store


@pytest.fixture
def contexts(request: pytest.FixtureRequest) -> Contexts:
    """What an example calls its `CONTEXT`."""
    return Contexts([request.module.CONTEXT])


@pytest.fixture(
    params=[
        "memory",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ]
)
def dcb(request: pytest.FixtureRequest, contexts: Contexts) -> DcbStore:
    """An empty store. On an engine all share their tables, each under a service id of its own."""
    if request.param == "memory":
        return memory_store(contexts).dcb_store()
    engine: LocalEngine = request.getfixturevalue(request.param)
    shared = _shared_tables(engine.name, engine.endpoint_url)
    assert isinstance(shared.provider, DynamoDBProvider)
    provider = evolve(shared.provider, event_keys=EventKeys(service_id=uuid4().hex))
    own = evolve(shared, provider=provider, options=CommitOptions(contexts=contexts))
    return own.dcb_store()


@cache
def _shared_tables(name: str, endpoint_url: str) -> Store:
    return dynamodb_store(name, client_of(endpoint_url))
