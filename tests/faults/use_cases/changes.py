"""Changes of people and parcels in a unit of work, as several subjects commit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults.matrix.service import Service
from tests.samples.contexts import Unit
from tests.samples.parcels import new_parcel
from tests.samples.people import Email, new_person
from tests.times import NOW

ADA = "ada"
LOVELACE = Email("lovelace@example.com")

Change = Callable[[Unit], object]
"""What is done in a unit of work, before it commits; the aggregate that is changed, if any."""


def committed(change: Change) -> Callable[[Service, Any], object]:
    """Commits a change in a unit of work."""

    def run(service: Service, _: object = None) -> object:
        with service.container.unit_of_work() as container_unit:
            unit: Unit = container_unit
            changed = change(unit)
            unit.commit()
        return getattr(changed, "version", None)

    return run


def add_ada(unit: Unit) -> object:
    person = new_person(id=ADA)
    unit.people.add(person)
    return person


def changed(change: Callable[[Any], object]) -> Change:
    """Changes Ada."""

    def run(unit: Unit) -> object:
        person = unit.people.get(ADA)
        change(person)
        unit.people.save(person)
        return person

    return run


def ban(person: Any) -> None:
    person.ban(NOW)


def move(person: Any) -> None:
    person.change_email(LOVELACE, NOW)


def removed(person_id: str) -> Change:
    """Removes a person."""

    def run(unit: Unit) -> None:
        person = unit.people.get(person_id)
        person.leave(NOW)
        unit.people.remove(person)

    return run


def add_parcel(unit: Unit) -> object:
    parcel = new_parcel()
    unit.parcels.add(parcel)
    return parcel


def ada(service: Service) -> None:
    """Ada is there."""
    committed(add_ada)(service, None)
