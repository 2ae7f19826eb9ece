"""What contexts declare, and what a unit of work makes of it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest
from attrs import evolve

from application.integration_events import IntegrationEvent
from domain.errors import Conflict
from infrastructure.aggregates.aggregate_type import Unique
from infrastructure.aggregates.tracker import TrackedRepository
from infrastructure.contexts.context import Context, Contexts, EventSourced, StateStored
from infrastructure.events.registry import EventType
from infrastructure.memory.provider import MemoryProvider
from tests.samples.contexts import SAMPLES
from tests.samples.parcels import PARCEL, PARCELS, ParcelPaid
from tests.samples.people import PEOPLE, PERSON, PersonBanned
from tests.samples.projectors import TALLY
from tests.stores import Store

WRITERS = {"streams", "outbox", "inbox"}
"""What every unit of work has beside its repositories."""


def test_each_part_of_a_unit_of_work_is_made_once_and_for_that_unit_alone() -> None:
    unit_of_work = Store("memory", MemoryProvider()).unit_of_work
    with unit_of_work() as one, unit_of_work() as other:
        for name in (*SAMPLES.repositories, *WRITERS):
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
    shared = Contexts([]).tables

    assert Contexts([PARCELS]).tables == shared
    assert Contexts([PARCELS, PEOPLE]).tables == ("people", *shared)


PERSON_STORED = PEOPLE.repositories["people"]


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (
            PEOPLE,
            Context(repositories={"people": PERSON_STORED}),
            "repository people is declared twice",
        ),
        (PEOPLE, Context(repositories={"folk": PERSON_STORED}), "two aggregate types share one of"),
        (
            *(PARCELS, Context(event_types=(EventType("ParcelPaid", PersonBanned),))),
            "ParcelPaid or its class is registered twice",
        ),
        (
            *(PARCELS, Context(event_types=(EventType("Paid", ParcelPaid),))),
            "Paid or its class is registered twice",
        ),
        (
            PARCELS,
            Context(integration_events=(IntegrationEvent("ParcelPaid", PersonBanned, "people"),)),
            "ParcelPaid or its event is declared twice",
        ),
        (
            *(Context(projectors=(TALLY,)), Context(projectors=(TALLY,))),
            "two projectors have the same name and version",
        ),
    ],
)
def test_what_two_contexts_declare_is_refused(
    first: Context, second: Context, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Contexts([first, second])


def test_what_contexts_declare_is_put_together() -> None:
    contexts = Contexts([PEOPLE, PARCELS])
    stored: list[Any] = [each.aggregate_type.name for each in contexts.state_stored]

    assert list(contexts.repositories) == ["people", "parcels"]
    assert stored == ["Person"]
    assert isinstance(PERSON_STORED, StateStored)
    assert contexts.integration_events.destinations == {"people", "parcels"}


def test_event_sourced_type_is_not_listed_by_a_field() -> None:
    with pytest.raises(TypeError, match="Parcel is event-sourced: project it to list it"):
        EventSourced(evolve(PARCEL, listed_by=("sender_id",)), TrackedRepository)


def test_type_is_listed_by_fields_that_it_has() -> None:
    with pytest.raises(TypeError, match=r"Person has no fields \['town'\] to be listed by"):
        evolve(PERSON, listed_by=("email", "town"))


def test_event_sourced_type_has_no_unique_values() -> None:
    unique: Unique[Any] = Unique("id", attrgetter("id"), lambda _: Conflict())

    with pytest.raises(TypeError, match="Parcel is event-sourced: no value of it can be unique"):
        EventSourced(evolve(PARCEL, unique=(unique,)), TrackedRepository)
