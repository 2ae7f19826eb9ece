"""An engine that lacks what commits rest on is found out, and nothing is written to see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from infrastructure.doctor.finding import Level
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.engines import LocalEngine
from tests.doctor.samples import Looked
from tests.faults.faulty_client import FaultyClient, refused
from tests.stores import client_of

TRANSACTIONS = "engine: transactions"
TOKENS = "engine: request tokens"
OLD_ITEMS = "engine: items of refused writes"

Change = Callable[[dict[str, Any]], dict[str, Any]]


@frozen
class ChangingClient:
    """An engine that does not see all of a transaction."""

    client: Client
    change: Change

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self.client, operation)
        if operation != "transact_write_items":
            return method
        return lambda **request: method(**self.change(request))


def without_token(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "ClientRequestToken"}


def without_old_items(request: dict[str, Any]) -> dict[str, Any]:
    checks = [dict(action["ConditionCheck"]) for action in request["TransactItems"]]
    for check in checks:
        del check["ReturnValuesOnConditionCheckFailure"]
    return {**request, "TransactItems": [{"ConditionCheck": check} for check in checks]}


@pytest.fixture
def looked(engine: LocalEngine) -> Looked:
    """A store with one item, on every engine."""
    looked = Looked(client_of(engine.endpoint_url))
    looked.initializer.create_missing()
    looked.client.put_item(TableName=looked.table("inbox"), Item={"id": {"S": "a#1"}})
    return looked


def items(looked: Looked) -> list[int]:
    return [looked.client.scan(TableName=s.name)["Count"] for s in looked.schemas]


def test_an_engine_that_has_it_all_is_well_and_nothing_is_written(looked: Looked) -> None:
    found = looked.findings()
    assert {found[name].level for name in (TRANSACTIONS, TOKENS, OLD_ITEMS)} == {Level.OK}
    assert items(looked) == [0, 1]


def test_without_any_item_nothing_is_said_of_old_items(engine: LocalEngine) -> None:
    looked = Looked(client_of(engine.endpoint_url))
    looked.initializer.create_missing()
    assert looked.findings()[OLD_ITEMS].level is Level.WARNING
    assert looked.faults() == {}


def test_an_engine_without_transactions_is_found(looked: Looked) -> None:
    client = FaultyClient(looked.client, [refused("UnknownOperationException")])
    fault = looked.through(client).faults()[TRANSACTIONS]
    assert "claims, messages and tagged events cannot be committed" in fault.found
    assert "DYNASTRATA_ENDPOINT_URL" in fault.advice


def test_an_engine_that_forgets_tokens_is_found(looked: Looked) -> None:
    fault = looked.through(ChangingClient(looked.client, without_token)).faults()[TOKENS]
    assert "could be applied twice" in fault.found


def test_an_engine_that_keeps_old_items_to_itself_is_found(looked: Looked) -> None:
    fault = looked.through(ChangingClient(looked.client, without_old_items)).faults()[OLD_ITEMS]
    assert "the outcome stays unknown" in fault.found


def test_a_store_that_is_busy_is_not_taken_for_one_without_transactions(looked: Looked) -> None:
    busy = FaultyClient(looked.client, [refused("ThrottlingException")])
    found = looked.through(busy).faults()
    assert TRANSACTIONS not in found
    assert found["store"].advice == "try again later"


def test_items_that_may_not_be_scanned_are_a_warning(looked: Looked) -> None:
    denied = refused("AccessDeniedException")
    client = FaultyClient(looked.client, [denied], lambda operation: operation == "scan")
    found = looked.through(client).findings()[OLD_ITEMS]
    assert (found.level, found.advice) == (Level.WARNING, "permit dynamodb:Scan to see it")


def test_a_permission_that_is_missing_is_told(looked: Looked) -> None:
    client = FaultyClient(looked.client, [refused("AccessDeniedException")])
    fault = looked.through(client).faults()[TRANSACTIONS]
    assert fault.advice == "permit dynamodb:ConditionCheckItem"
