"""What every adapter of `UnitOfWork` promises about commits."""

from __future__ import annotations

import pytest

from application.errors import LimitExceeded
from domain.errors import ConcurrencyConflict
from tests.contract.storing import facts, names, put, put_new, rename, stored
from tests.samples.people import PERSON, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW


def test_committing_nothing_sends_nothing(store: Store) -> None:
    with store.unit_of_work() as unit, store.meter.measure() as used:
        unit.commit()

    assert used.requests == 0


def test_commit_advances_the_version_and_takes_the_events(store: Store) -> None:
    person = new_person(id="ada")

    put(store, person)

    assert (person.version, person.recorded_events) == (1, ())


def test_person_can_be_changed_and_saved_again_in_the_same_unit(store: Store) -> None:
    person = new_person(id="ada")

    with store.unit_of_work() as unit:
        unit.people.add(person)
        unit.commit()
        for name in ("Augusta", "Countess"):
            person.change_name(name, "King", NOW)
            unit.people.save(person)
            unit.commit()

    assert person.version == 3
    assert stored(store, "ada") == PERSON.to_state(person)


def test_person_added_and_changed_before_the_commit_is_stored_as_it_stands(store: Store) -> None:
    with store.unit_of_work() as unit:
        person = new_person(id="ada")
        unit.people.add(person)
        person.change_name("Augusta", "King", NOW)
        unit.people.save(person)
        unit.commit()

    assert (stored(store, "ada")["first_name"], person.version) == ("Augusta", 1)


def test_person_added_and_removed_in_one_unit_was_never_there(store: Store) -> None:
    with store.unit_of_work() as unit, store.meter.measure() as used:
        person = new_person(id="ada")
        unit.people.add(person)
        unit.people.remove(person)
        unit.commit()

    assert used.requests == 0
    with pytest.raises(PersonNotFound):
        stored(store, "ada")


def test_many_people_are_committed_together_or_not_at_all(store: Store) -> None:
    put_new(store, "ada", "bob", "carol")

    with store.unit_of_work() as unit:
        for person in unit.people.get_many(["ada", "bob"]):
            person.change_name("Ours", "Lovelace", NOW)
            unit.people.save(person)
        unit.people.remove(unit.people.get("carol"))
        rename(store, "bob", "Theirs")
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()

    assert names(store, "ada", "bob", "carol") == ["Ada", "Theirs", "Ada"]


def test_refused_commit_is_refused_again_until_it_is_rolled_back(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        rename(store, "ada", "Theirs")
        person.change_name("Ours", "Lovelace", NOW)
        unit.people.save(person)
        for _ in range(2):
            with pytest.raises(ConcurrencyConflict):
                unit.commit()
        unit.rollback()
        person = unit.people.get("ada")
        person.change_name("Ours at last", "Lovelace", NOW)
        unit.people.save(person)
        unit.commit()

    assert names(store, "ada") == ["Ours at last"]


def test_refused_person_keeps_version_and_events(store: Store) -> None:
    put_new(store, "ada")
    person = new_person("other@example.com", id="ada")

    with pytest.raises(ConcurrencyConflict):
        put(store, person)

    assert (person.version, len(person.recorded_events)) == (0, 1)


def test_rollback_forgets_what_was_loaded_and_staged(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.ban(NOW)
        unit.people.save(person)
        unit.people.add(new_person("bob@example.com", id="bob"))
        unit.rollback()
        unit.commit()

        assert unit.people.get("ada") is not person
    assert stored(store, "ada")["is_banned"] is False
    with pytest.raises(PersonNotFound):
        stored(store, "bob")


def test_exception_inside_the_block_rolls_back_and_comes_out_itself(store: Store) -> None:
    unit = store.unit_of_work()
    boom = RuntimeError("boom")

    def add_and_fail() -> None:
        with unit:
            unit.people.add(new_person(id="ada"))
            raise boom

    with pytest.raises(RuntimeError) as raised:
        add_and_fail()

    assert raised.value is boom
    unit.commit()  # nothing is staged any more
    with pytest.raises(PersonNotFound):
        stored(store, "ada")


def test_change_of_a_person_that_was_read_is_seen_by_nobody_until_it_is_committed(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.change_name("Augusta", "King", NOW)
        before_save = names(store, "ada")
        unit.people.save(person)
        before_commit = names(store, "ada")
        unit.commit()

    assert [before_save, before_commit, names(store, "ada")] == [["Ada"], ["Ada"], ["Augusta"]]


def test_change_after_the_commit_is_seen_by_nobody(store: Store) -> None:
    person = new_person(id="ada")
    put(store, person)

    person.change_name("Augusta", "King", NOW)

    assert names(store, "ada") == ["Ada"]


def test_hundred_actions_fit_into_one_commit(store: Store) -> None:
    put_new(store, "bob")

    with store.unit_of_work() as unit:
        person = unit.people.get("bob")
        person.change_name("Bob", "Brown", NOW)
        unit.people.save(person)
        for n in range(33):  # each with the claim on its address, and its message
            unit.people.add(new_person(f"{n}@example.com", id=f"person-{n}"))
        unit.commit()

    assert names(store, "bob", "person-0", "person-32") == ["Bob", "Ada", "Ada"]


def test_more_than_a_hundred_actions_are_refused_before_anything_is_sent(store: Store) -> None:
    with store.unit_of_work() as unit, store.meter.measure() as used:
        for n in range(34):
            unit.people.add(new_person(f"{n}@example.com", id=f"person-{n}"))
        with pytest.raises(LimitExceeded) as exceeded:
            unit.commit()
        unit.rollback()

    assert facts(exceeded.value) == (
        LimitExceeded,
        *("actions in one commit", 102, 100, "actions", ""),
    )
    assert used.requests == 0
    with pytest.raises(PersonNotFound):
        stored(store, "person-0")


@pytest.mark.engine
def test_change_that_leaves_the_address_costs_one_plain_write(ministack_store: Store) -> None:
    put_new(ministack_store, "ada")

    with ministack_store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.change_name("Augusta", "King", NOW)
        unit.people.save(person)
        with ministack_store.meter.measure() as used:
            unit.commit()

    assert (used.requests, used.write_units) == (1, 1.0)
