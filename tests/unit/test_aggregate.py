"""What every aggregate does: its attributes are locked, and it keeps what happened to it."""

from __future__ import annotations

import pytest
from attrs import fields
from attrs.exceptions import FrozenAttributeError, FrozenInstanceError

from domain.events import DomainEvent
from tests.samples.parcels import PARCEL, Parcel, line, new_parcel
from tests.samples.people import Person, new_person
from tests.times import NOW


@pytest.mark.parametrize("name", [field.name for field in fields(Person)])
def test_no_attribute_of_a_state_stored_one_can_be_assigned(name: str) -> None:
    with pytest.raises(FrozenAttributeError):
        setattr(new_person(), name, None)


@pytest.mark.parametrize("name", [field.name for field in fields(Parcel)])
def test_no_attribute_of_an_event_sourced_one_can_be_assigned(name: str) -> None:
    with pytest.raises(FrozenAttributeError):
        setattr(new_parcel(), name, None)


def test_unknown_attribute_cannot_be_assigned_either() -> None:
    person = new_person()

    with pytest.raises(AttributeError):
        person.nickname = "Countess"  # type: ignore[attr-defined]


def test_event_that_was_recorded_cannot_be_changed() -> None:
    (event,) = new_person().recorded_events

    with pytest.raises(FrozenInstanceError):
        event.occurred_at = NOW  # type: ignore[misc]


def test_committed_drops_the_events_that_were_stored_and_no_later_ones() -> None:
    person = new_person()
    stored = person.recorded_events
    person.ban(NOW)

    for _ in range(2):
        person.committed(1, stored)

    assert [type(event).__name__ for event in person.recorded_events] == ["PersonBanned"]
    assert person.version == 1


def test_aggregates_are_equal_only_to_themselves() -> None:
    person, twin = new_person(id="ada"), new_person(id="ada")

    assert person != twin
    assert len({person, twin}) == 2


def test_replayed_events_bring_the_state_and_the_version_and_are_not_recorded() -> None:
    parcel = new_parcel()
    parcel.add_line(line("topology"), NOW)
    parcel.pay(NOW)
    again = Parcel(id=parcel.id)

    again.replay(parcel.recorded_events)

    assert (again.version, again.recorded_events) == (3, ())
    assert PARCEL.to_state(again) == {**PARCEL.to_state(parcel), "version": 3}


def test_event_that_an_aggregate_does_not_know_is_passed_over_and_counted() -> None:
    parcel = Parcel(id="parcel-1")

    parcel.replay([DomainEvent(occurred_at=NOW)])

    assert (parcel.version, parcel.lines) == (1, ())
