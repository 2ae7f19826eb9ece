"""Fixtures: stores that are honest under threads."""

from __future__ import annotations

import pytest

from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from tests.stores import Store, client_of, dynamodb_store


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.engine)])
def racing_store(request: pytest.FixtureRequest) -> Store:
    """An empty store that is honest under threads."""
    if request.param == "memory":
        return Store("memory", MemoryProvider())
    engine: LocalEngine = request.getfixturevalue("ministack")
    return dynamodb_store("ministack", client_of(engine.endpoint_url))
