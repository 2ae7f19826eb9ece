"""A repository of a small contract, on any engine."""

from __future__ import annotations

from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.migration.contract import Columns, Contract, Index, Lookup
from infrastructure.migration.repository.repository import ContractRepository
from infrastructure.migration.tables import table_schemas
from tests.migration.items.making import attribute, entity, index, table, templated
from tests.promised_tables import promise
from tests.stores import Store

USERS = table(
    entity(
        attribute("id", "N"),
        attribute("email"),
        attribute("first"),
        attribute("last"),
        attribute("tags", "SS"),
        attribute("settings", "M"),
        attribute("city", "S", Lookup(())),
        templated("label", "{first} {last}"),
        templated("place", "{country}/{first}"),
        attribute("gone", "NULL"),
        attribute("photo", "B", Columns(("photo",))),
    ),
    unique=(("email",), ("first", "last")),
)
"""Users with a unique email, and a unique pair of names."""

ORDERS = table(
    entity(
        templated("PK", "USER#{user}"),
        templated("SK", "ORDER#{day}#{number}"),
        attribute("user", "N"),
        attribute("day"),
        attribute("number", "N"),
        attribute("total", "N"),
        name="ORDER",
    ),
    entity(
        templated("PK", "USER#{user}"),
        templated("SK", "PROFILE"),
        attribute("user", "N"),
        attribute("theme"),
        name="PROFILE",
    ),
    hash_key="PK",
    range_key="SK",
    indexes=(
        index("by_day", "day", "total"),
        Index("gsis[1]", "by_number", "number", None, "KEYS_ONLY"),
    ),
    name="Orders",
)
"""Orders and profiles of users in one table, with keys made of templates."""

CONTRACT = Contract((USERS, ORDERS))


def repositories(store: Store, gateway: Gateway | None = None) -> tuple[ContractRepository, ...]:
    """Those of the users and of the orders, in tables of the store's own."""
    assert isinstance(store.provider, DynamoDBProvider)
    names = store.provider.tables
    promise(table_schemas(CONTRACT, names))
    door = gateway or store.gateway
    return tuple(ContractRepository(door, CONTRACT, names, each.name) for each in CONTRACT.tables)
