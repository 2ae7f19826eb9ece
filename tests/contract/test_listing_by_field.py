"""What every adapter promises about listing the aggregates with one value of a field."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

import pytest
from attrs import define, field, frozen, setters

from domain.aggregate import Aggregate
from domain.errors import InvalidValue, NotFound
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.repository import StateRepository
from infrastructure.contexts.context import Context, Contexts, StateStored
from tests.stores import Store

if TYPE_CHECKING:
    from infrastructure.dynamodb.models.base import AggregateModel


class Desk(Enum):
    """Who is to see to a ticket."""

    FRONT = "front"
    BACK = "back"


@frozen
class TicketNotFound(NotFound):
    """No ticket has this id."""

    aggregate_type: str = field(default="Ticket", init=False)
    aggregate_id: str


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Ticket(Aggregate):
    """Something to be seen to, of a customer or of none."""

    desk: Desk
    customer: str | None = None

    def hand_to(self, desk: Desk) -> None:
        self._set(desk=desk)


def _model() -> type[AggregateModel]:
    from pynamodb.attributes import UnicodeAttribute  # noqa: PLC0415 see `StateStored`

    from infrastructure.dynamodb.models.base import (  # noqa: PLC0415 likewise
        AggregateModel,
        listing_by,
    )

    class TicketModel(AggregateModel):
        class Meta:
            table_name = "tickets"

        desk = UnicodeAttribute(attr_name="seenToBy")
        customer = UnicodeAttribute(null=True)
        by_desk = listing_by("seenToBy")
        by_customer = listing_by("customer")

    return TicketModel


TICKET = AggregateType("Ticket", "tickets", Ticket, TicketNotFound, listed_by=("desk", "customer"))


class TicketRepository(StateRepository[Ticket]):
    """The tickets."""


@pytest.fixture
def contexts() -> Contexts:
    declared = StateStored(TICKET, TicketRepository, _model)
    return Contexts([Context(repositories={"tickets": declared})])


@pytest.fixture
def filled(store: Store) -> Store:
    """Six tickets: those with even numbers at the front, three of them Ada's."""
    with store.unit_of_work() as unit:
        for n in range(6):
            desk = Desk.BACK if n % 2 else Desk.FRONT
            unit.tickets.add(Ticket(id=str(n), desk=desk, customer="ada" if n < 3 else None))
        unit.commit()
    return store


def pages(store: Store, name: str, value: str, size: int = 2) -> list[list[str]]:
    """The ids of every page, each read in a unit of work of its own."""
    found, cursor = [], None
    while True:
        with store.unit_of_work() as unit:
            page = unit.tickets.page_by(name, value, size, cursor)
        found.append([ticket.id for ticket in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_those_with_a_value_come_in_order_page_by_page(filled: Store) -> None:
    assert pages(filled, "desk", "front") == [["0", "2"], ["4"]]
    assert pages(filled, "desk", "back", size=3) == [["1", "3", "5"]]
    assert pages(filled, "customer", "ada", size=1) == [["0"], ["1"], ["2"]]
    assert pages(filled, "customer", "nobody") == [[]]


def test_one_whose_value_changes_is_listed_by_the_new_one(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        ticket = unit.tickets.get("2")
        ticket.hand_to(Desk.BACK)
        unit.tickets.save(ticket)
        unit.commit()

    assert pages(filled, "desk", "front", size=9) == [["0", "4"]]
    assert pages(filled, "desk", "back", size=9) == [["1", "2", "3", "5"]]


def test_one_that_the_index_still_has_is_left_out_where_its_value_is_another(
    filled: Store,
) -> None:
    with filled.unit_of_work() as unit:
        unit.tickets.get("0").hand_to(Desk.BACK)  # as a commit that the index lags behind
        first = unit.tickets.page_by("desk", "front", 1)
        rest = unit.tickets.page_by("desk", "front", 9, first.next_cursor)

    assert [[ticket.id for ticket in page.items] for page in (first, rest)] == [["2"], ["4"]]


def test_cursor_belongs_to_its_value_and_its_field(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        cursor = unit.tickets.page_by("desk", "front", 1).next_cursor
        for name, value in (("desk", "back"), ("customer", "front")):
            with pytest.raises(InvalidValue):
                unit.tickets.page_by(name, value, 1, cursor)
        with pytest.raises(InvalidValue):
            unit.tickets.page(1, cursor)


def test_size_is_at_least_one(filled: Store) -> None:
    with filled.unit_of_work() as unit, pytest.raises(InvalidValue, match="size"):
        unit.tickets.page_by("desk", "front", 0)


def test_field_that_is_not_declared_is_not_listed_by(make_store: Callable[[], Store]) -> None:
    with make_store().unit_of_work() as unit, pytest.raises(TypeError, match="by version"):
        unit.tickets.page_by("version", "1", 1)
