"""What every adapter of `UnitOfWork` refuses, because changes would be lost."""

from __future__ import annotations

import pytest

from application.errors import UnitOfWorkMisused
from domain.errors import ConcurrencyConflict, InvalidValue
from tests.contract.storing import put, put_new, stored
from tests.samples.people import Email, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW


def test_leaving_the_block_without_a_commit_is_misuse_and_stores_nothing(store: Store) -> None:
    with pytest.raises(UnitOfWorkMisused, match="commit"), store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))

    with pytest.raises(PersonNotFound):
        stored(store, "ada")


def test_commit_with_a_forgotten_save_is_misuse_and_stores_nothing(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.people.get("ada").ban(NOW)
        unit.people.add(new_person("bob@example.com", id="bob"))
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.commit()
        unit.rollback()

    assert stored(store, "ada")["is_banned"] is False
    with pytest.raises(PersonNotFound):
        stored(store, "bob")


def test_commit_after_a_change_that_came_after_the_last_one_needs_another_save(
    store: Store,
) -> None:
    with store.unit_of_work() as unit:
        person = new_person(id="ada")
        unit.people.add(person)
        unit.commit()
        person.ban(NOW)
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.commit()
        unit.rollback()


@pytest.mark.parametrize("stage", ["save", "remove"])
def test_person_of_another_unit_cannot_be_staged(store: Store, stage: str) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as other:
        foreign = other.people.get("ada")
    with store.unit_of_work() as unit:
        unit.people.get("ada")
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            getattr(unit.people, stage)(foreign)


def test_person_that_was_never_added_cannot_be_saved(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UnitOfWorkMisused):
        unit.people.save(new_person())


def test_person_cannot_be_added_twice(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.people.add(new_person(id="ada"))
        unit.rollback()


def test_person_that_was_stored_before_cannot_be_added(store: Store) -> None:
    person = new_person(id="ada")
    put(store, person)

    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.people.add(person)

    assert refused.value.field == "version"


def test_person_staged_for_removal_cannot_be_saved(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        unit.people.remove(person)
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.people.save(person)
        unit.rollback()


def test_object_that_two_units_add_is_committed_by_one(store: Store) -> None:
    shared = new_person("first@example.com")
    with store.unit_of_work() as first, store.unit_of_work() as second:
        first.people.add(shared)
        second.people.add(shared)
        first.commit()
        shared.change_email(Email("second@example.com"), NOW)
        with pytest.raises(UnitOfWorkMisused, match="another unit of work"):
            second.commit()
        second.rollback()
        first.people.save(shared)
        first.commit()
    with store.unit_of_work() as unit:
        assert unit.people.get_by_email(Email("second@example.com")).version == 2
        with pytest.raises(PersonNotFound):
            unit.people.get_by_email(Email("first@example.com"))


def test_two_who_free_one_address_conflict_by_the_stale_one(store: Store) -> None:
    """The address moved from one person to another after the first was loaded."""
    with store.unit_of_work() as unit:
        unit.people.add(new_person("shared@example.com", id="a"))
        unit.people.add(new_person("other@example.com", id="b"))
        unit.commit()
    with store.unit_of_work() as unit:
        stale = unit.people.get("a")
        with store.unit_of_work() as meanwhile:
            a, b = meanwhile.people.get_many(["a", "b"])
            a.change_email(Email("moved@example.com"), NOW)
            b.change_email(Email("shared@example.com"), NOW)
            meanwhile.people.save(a)
            meanwhile.people.save(b)
            meanwhile.commit()
        unit.people.remove(stale)
        unit.people.remove(unit.people.get("b"))
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()
