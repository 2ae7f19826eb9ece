"""How many files of the project a request enters, from HTTP to storage: what a newcomer walks."""

from __future__ import annotations

from uuid import uuid4

import pytest

from api.container import build_container
from infrastructure.engines import LocalEngine
from infrastructure.settings.settings import Settings
from scripts.trace_requests import trace

MAX_FILES = {"read a user": 32, "rename a user": 41, "place an order": 52}


@pytest.mark.engine
def test_a_request_enters_no_more_files_than_these(ministack: LocalEngine) -> None:
    settings = Settings(
        provider="dynamodb",
        endpoint_url=ministack.endpoint_url,
        region="eu-central-1",
        table_prefix=f"test-{uuid4().hex}-",
    )

    traced = trace(build_container(settings))

    assert {name: files for name, files in traced.items() if len(files) > MAX_FILES[name]} == {}
    assert all("infrastructure/dynamodb/gateway/gateway.py" in files for files in traced.values())
