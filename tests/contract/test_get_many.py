"""What every adapter promises about reading many people at once."""

from __future__ import annotations

import pytest

from tests.contract.storing import HOSTILE_IDS, address, put_new
from tests.samples.people import Email, new_person
from tests.stores import Store
from tests.times import NOW


def test_people_come_in_the_order_asked_for_each_once_without_the_missing(store: Store) -> None:
    put_new(store, "ada", "bob", "carol")

    with store.unit_of_work() as unit:
        found = unit.people.get_many(["carol", "nobody", "ada", "carol", "bob", "ada"])

    assert [person.id for person in found] == ["carol", "ada", "bob"]


def test_no_id_gives_no_person_and_sends_nothing(store: Store) -> None:
    with store.unit_of_work() as unit, store.meter.measure() as used:
        assert unit.people.get_many([]) == []

    assert used.requests == 0


def test_what_cannot_be_an_id_is_left_out(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        found = unit.people.get_many([*HOSTILE_IDS.values(), "ada"])

    assert [person.id for person in found] == ["ada"]


@pytest.mark.parametrize("person_id", ["ada", "claim#1", " ", "达", "😀", "a, b=c", "x" * 1024])
def test_unusual_ids_are_ids_like_any_other(store: Store, person_id: str) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person(id=person_id))
        unit.commit()

    with store.unit_of_work() as unit:
        assert [person.id for person in unit.people.get_many([person_id])] == [person_id]
    with store.unit_of_work() as unit:
        assert unit.people.get(person_id).id == person_id
    with store.unit_of_work() as unit:
        assert [person.id for person in unit.people.page(1).items] == [person_id]


def test_more_than_a_hundred_ids_are_read_too(store: Store) -> None:
    ids = [f"person-{n:03}" for n in range(101)]
    for start in range(0, len(ids), 30):
        put_new(store, *ids[start : start + 30])

    with store.unit_of_work() as unit:
        found = unit.people.get_many(reversed(ids))

    assert [person.id for person in found] == ids[::-1]


def test_person_that_the_unit_changed_is_not_read_over(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        ada.change_email(Email("countess@example.com"), NOW)
        found = unit.people.get_many(["bob", "ada"])

        assert found[1] is ada
        assert ada.email == Email("countess@example.com")
        unit.rollback()

    with store.unit_of_work() as unit:
        assert unit.people.get_many(["ada"])[0].email == Email(address("ada"))
