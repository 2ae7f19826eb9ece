"""What a contract's table does not allow is refused, and named."""

from __future__ import annotations

from typing import Literal

import pytest

from api.composition.migration.repositories import make_contract_repository
from domain.errors import InvalidValue
from infrastructure.dynamodb.gateway.gateway import Client
from infrastructure.migration.conversion.records import InvalidRecord, Record
from infrastructure.migration.reading import contract_from
from infrastructure.migration.repository.queries import Equals
from infrastructure.migration.repository.repository import ContractRepository
from infrastructure.settings.settings import Settings, SettingsError
from tests.migration.contract.documents import v1
from tests.migration.items.shelves import repositories
from tests.stores import dynamodb_store

ADA: Record = {"id": 7, "email": "ada@b", "first": "Ada", "last": "Lovelace"}


@pytest.fixture
def users(moto_client: Client) -> ContractRepository:
    return repositories(dynamodb_store("moto", moto_client))[0]


@pytest.fixture
def orders(moto_client: Client) -> ContractRepository:
    return repositories(dynamodb_store("moto", moto_client))[1]


@pytest.mark.parametrize(
    ("record", "name", "reason"),
    [
        ({**ADA, "age": 5}, "age", "is no attribute of USER"),
        ({**ADA, "email": 5}, "email", "must be of type S, not N"),
        ({**ADA, "id": "7"}, "id", "must be of type N, not S"),
        ({**ADA, "id": True}, "id", "must be of type N, not BOOL"),
        ({**ADA, "id": 0.5}, "id", "is float"),
        ({**ADA, "id": None}, "id", "is NULL, but part of the key"),
        ({"email": "a@b"}, "id", "is NULL, but part of the key"),
        ({**ADA, "tags": frozenset({1})}, "tags", "must be of type SS, not NS"),
        ({**ADA, "settings": {"a": 1.5}}, "settings", "is float"),
        ({**ADA, "label": "other"}, "label", "must be what {first} {last} makes"),
        ({**ADA, "city": "x" * 409600}, "city", "at most 409600"),
    ],
)
def test_a_record_that_the_contract_does_not_allow_is_refused_with_its_attribute(
    users: ContractRepository, record: Record, name: str, reason: str
) -> None:
    with pytest.raises(InvalidRecord) as refused:
        users.put(record)
    assert refused.value.attribute == name
    assert reason in refused.value.reason


def test_a_record_of_no_entity_and_a_key_that_lacks_a_part_are_refused(
    orders: ContractRepository,
) -> None:
    with pytest.raises(InvalidRecord, match="must be one of ORDER, PROFILE"):
        orders.put({"user": 7})
    with pytest.raises(InvalidRecord, match="SK of Orders is missing"):
        orders.get({"entity_type": "ORDER", "user": 7})


@pytest.mark.parametrize("forged", ["", "x", "bm9uc2U=", "W10=", "WyJ4Iiwge31d"])
def test_a_forged_cursor_is_refused(orders: ContractRepository, forged: str) -> None:
    with pytest.raises(InvalidValue, match="was not issued by this query"):
        orders.query({"PK": "USER#7"}, after=forged)


@pytest.mark.parametrize(
    ("values", "options", "reason"),
    [
        ({"PK": 7}, {}, "PK of Orders must be of type S, not N"),
        ({"day": "x"}, {}, "day of Orders is no key of the table"),
        ({}, {}, "PK of Orders is missing"),
        ({"PK": "x"}, {"index": "by_night"}, "Orders has no index by_night"),
        ({"number": 1}, {"index": "by_number", "condition": Equals(1)}, "no range key"),
        ({"PK": "x", "SK": "y"}, {"condition": Equals("z")}, "given beside a value of SK"),
        ({"PK": "x"}, {"limit": 0}, "must be at least 1"),
    ],
)
def test_a_query_that_the_contract_does_not_allow_is_refused(
    orders: ContractRepository, values: Record, options: dict[str, object], reason: str
) -> None:
    with pytest.raises((InvalidRecord, InvalidValue), match=reason):
        orders.query(values, **options)  # type: ignore[arg-type]  # parametrised


@pytest.mark.parametrize(
    ("provider", "table", "error"),
    [
        ("dynamodb", "Nothing", "Nothing is not in the contract, which has Readers"),
        ("memory", "Readers", "memory has no tables of a contract"),
    ],
)
def test_a_repository_without_a_table_is_refused(
    provider: Literal["dynamodb", "memory"], table: str, error: str
) -> None:
    settings = Settings(provider=provider, region="us-east-1")
    with pytest.raises((InvalidValue, SettingsError), match=error):
        make_contract_repository(settings, contract_from(v1()[:1]), table)
