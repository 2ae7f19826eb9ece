"""Short forms of what most contract tests do first and last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.samples.people import PERSON, Email, Person, new_person
from tests.stores import Store
from tests.times import NOW

# What can be no id. The first looks like the key under which an address is claimed.
HOSTILE_IDS = {
    "claim": "CLAIM#email#ada@example.com",
    "empty": "",
    "five kilobytes": "x" * 5 * 1024,
    "more bytes than characters": "é" * 600,
    "surrogate": "\ud800",
    "nul": "\x00",
    "line break": "ada\n",
}


def put(store: Store, *people: Person) -> None:
    """Stores these people in one commit."""
    with store.unit_of_work() as unit:
        for person in people:
            unit.people.add(person)
        unit.commit()


def put_new(store: Store, *ids: str) -> None:
    """Stores a person under each id, with the address `<id>@example.com`."""
    put(store, *(new_person(address(id_), id=id_) for id_ in ids))


def address(person_id: str) -> str:
    """The address of a person of `put_new`."""
    return f"{person_id}@example.com"


def rename(store: Store, person_id: str, first_name: str) -> None:
    """Someone else changes the person's name in a unit of work of their own."""
    change(store, person_id, lambda person: person.change_name(first_name, person.last_name, NOW))


def move(store: Store, person_id: str, email: str) -> None:
    """Someone else changes the person's address in a unit of work of their own."""
    change(store, person_id, lambda person: person.change_email(Email(email), NOW))


def change(store: Store, person_id: str, how: Callable[[Person], object]) -> None:
    """Loads, changes and saves a person in a unit of work of its own."""
    with store.unit_of_work() as unit:
        person = unit.people.get(person_id)
        how(person)
        unit.people.save(person)
        unit.commit()


def stored(store: Store, person_id: str) -> Mapping[str, Any]:
    """What everyone else sees of a person. Raises `PersonNotFound`."""
    with store.unit_of_work() as unit:
        return PERSON.to_state(unit.people.get(person_id))


def names(store: Store, *ids: str) -> list[str]:
    """The first names that everyone else sees."""
    return [stored(store, id_)["first_name"] for id_ in ids]


def facts(error: BaseException | None) -> tuple[Any, ...] | None:
    """An error as something that can be compared: its type and its fields."""
    return None if error is None else (type(error), *error.args)
