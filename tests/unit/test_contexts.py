"""What contexts declare, and what a unit of work makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from application.integration_events import IntegrationEvent
from application.ports.unit_of_work import UnitOfWork
from domain.orders.events import OrderPaid
from domain.orders.repository import OrderRepository
from domain.users.events import UserBanned
from domain.users.repository import UserRepository
from infrastructure.contexts.context import Context, Contexts, StateStored
from infrastructure.contexts.orders import ORDERS
from infrastructure.contexts.registered import REGISTERED
from infrastructure.contexts.users import USERS
from infrastructure.events.registry import EventType
from infrastructure.memory.provider import MemoryProvider
from tests.stores import Store

WRITERS = {"streams", "outbox", "inbox"}
"""What every unit of work has beside its repositories."""


def members(port: type) -> set[str]:
    """The public names of a port."""
    return {name for cls in port.__mro__ for name in vars(cls) if not name.startswith("_")}


def test_repositories_of_the_port_are_those_that_are_declared() -> None:
    properties = {name for name, of in vars(UnitOfWork).items() if isinstance(of, property)}

    assert properties == REGISTERED.repositories.keys() | WRITERS


@pytest.mark.parametrize(("name", "port"), [("users", UserRepository), ("orders", OrderRepository)])
def test_each_repository_has_all_that_its_port_asks_for(name: str, port: type) -> None:
    with Store("memory", MemoryProvider()).unit_of_work() as unit:
        repository = getattr(unit, name)

    assert [member for member in members(port) if not hasattr(repository, member)] == []


def test_each_part_of_a_unit_of_work_is_made_once_and_for_that_unit_alone() -> None:
    unit_of_work = Store("memory", MemoryProvider()).unit_of_work
    with unit_of_work() as one, unit_of_work() as other:
        for name in (*REGISTERED.repositories, *WRITERS):
            assert getattr(one, name) is getattr(one, name)
            assert getattr(one, name) is not getattr(other, name)


@pytest.mark.parametrize("name", ["baskets", "_baskets", "__baskets__"])
def test_repository_that_no_context_declares_is_no_attribute(name: str) -> None:
    with (
        Store("memory", MemoryProvider()).unit_of_work() as unit,
        pytest.raises(AttributeError, match=rf"^no context declares a repository '{name}'$"),
    ):
        getattr(unit, name)


def test_tables_are_those_of_the_types_and_those_that_all_share() -> None:
    shared = ("events", "snapshots", "checkpoints", "outbox", "inbox")

    assert Contexts([]).tables == shared
    assert Contexts([ORDERS]).tables == shared
    assert Contexts([ORDERS, USERS]).tables == ("users", *shared)


USER_STORED = USERS.repositories["users"]


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (USERS, Context(repositories={"users": USER_STORED}), "repository users is declared twice"),
        (USERS, Context(repositories={"people": USER_STORED}), "two aggregate types share one of"),
        (
            *(ORDERS, Context(event_types=(EventType("OrderPaid", UserBanned),))),
            "OrderPaid or its class is registered twice",
        ),
        (
            *(ORDERS, Context(event_types=(EventType("Paid", OrderPaid),))),
            "Paid or its class is registered twice",
        ),
        (
            ORDERS,
            Context(integration_events=(IntegrationEvent("OrderPaid", UserBanned, "users"),)),
            "OrderPaid or its event is declared twice",
        ),
    ],
)
def test_what_two_contexts_declare_is_refused(
    first: Context, second: Context, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Contexts([first, second])


def test_what_contexts_declare_is_put_together() -> None:
    contexts = Contexts([USERS, ORDERS])
    stored: list[Any] = [each.aggregate_type.name for each in contexts.state_stored]

    assert list(contexts.repositories) == ["users", "orders"]
    assert stored == ["User"]
    assert isinstance(USER_STORED, StateStored)
    assert contexts.integration_events.destinations == {"users", "orders"}
