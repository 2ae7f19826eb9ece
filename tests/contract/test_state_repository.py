"""What every adapter of `PersonRepository` promises about single people and their addresses."""

from __future__ import annotations

import pytest

from domain.errors import ConcurrencyConflict, InvalidValue
from tests.contract.storing import HOSTILE_IDS, address, facts, names, put, put_new, rename, stored
from tests.samples.people import PERSON, Email, EmailTaken, Person, PersonNotFound, Role, new_person
from tests.stores import Store
from tests.times import NOW

hostile = pytest.mark.parametrize("hostile", HOSTILE_IDS.values(), ids=HOSTILE_IDS)


def test_added_person_is_read_back_as_it_was(store: Store) -> None:
    person = new_person(id="ada")
    expected = {**PERSON.to_state(person), "version": 1}

    put(store, person)

    assert stored(store, "ada") == expected


def test_missing_person_is_not_found(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(PersonNotFound) as missing:
        unit.people.get("nobody")

    assert missing.value.aggregate_id == "nobody"


@hostile
def test_what_cannot_be_an_id_is_not_found(store: Store, hostile: str) -> None:
    put(store, new_person("ada@example.com"))

    with store.unit_of_work() as unit, pytest.raises(PersonNotFound) as missing:
        unit.people.get(hostile)

    assert hostile == missing.value.aggregate_id


@hostile
def test_person_with_such_an_id_cannot_be_added(store: Store, hostile: str) -> None:
    person = Person(id=hostile, first_name="A", last_name="L", email=Email("a@b.example"))
    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.people.add(person)

    assert refused.value.field == "id"


def test_id_gives_the_same_object_within_a_unit_of_work(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")

        assert person is unit.people.get("ada")
        assert person is unit.people.get_by_email(person.email)
        assert [person] == unit.people.get_many(["ada"])
        assert unit.people.page(5).items == (person,)


def test_two_units_of_work_share_no_object(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as one, store.unit_of_work() as other:
        assert one.people.get("ada") is not other.people.get("ada")


def test_adding_an_id_that_exists_is_a_conflict_with_version_zero(store: Store) -> None:
    put_new(store, "ada")
    rename(store, "ada", "Augusta")

    with pytest.raises(ConcurrencyConflict) as conflict:
        put(store, new_person("other@example.com", id="ada"))

    assert facts(conflict.value) == (ConcurrencyConflict, "Person", "ada", 0, 2)
    assert names(store, "ada") == ["Augusta"]


def test_saving_a_person_that_someone_else_saved_is_a_conflict_with_both_versions(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        rename(store, "ada", "Theirs")
        person.change_name("Ours", "Lovelace", NOW)
        unit.people.save(person)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "Person", "ada", 1, 2)
    assert names(store, "ada") == ["Theirs"]


def test_saving_a_person_that_someone_else_removed_is_a_conflict_without_a_version(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        _remove(store, "ada")
        person.ban(NOW)
        unit.people.save(person)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "Person", "ada", 1, None)
    with pytest.raises(PersonNotFound):
        stored(store, "ada")


def test_saving_an_unchanged_person_sends_nothing_and_keeps_the_version(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        unit.people.save(person)
        with store.meter.measure() as used:
            unit.commit()

    assert used.requests == 0
    assert (person.version, stored(store, "ada")["version"]) == (1, 1)


def test_person_removed_is_gone_and_the_address_is_free(store: Store) -> None:
    put_new(store, "ada")

    _remove(store, "ada")
    put(store, new_person(address("ada"), id="other"))

    with store.unit_of_work() as unit:
        assert unit.people.get_by_email(Email(address("ada"))).id == "other"
        with pytest.raises(PersonNotFound):
            unit.people.get("ada")


def test_removing_a_person_that_someone_else_saved_is_a_conflict_and_removes_nothing(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        rename(store, "ada", "Theirs")
        unit.people.remove(person)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "Person", "ada", 1, 2)
    with store.unit_of_work() as unit:
        assert unit.people.get_by_email(Email(address("ada"))).first_name == "Theirs"


def test_person_staged_for_removal_is_not_found_any_more(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get("ada"))

        with pytest.raises(PersonNotFound):
            unit.people.get("ada")
        with pytest.raises(PersonNotFound):
            unit.people.get_by_email(Email(address("ada")))
        assert [person.id for person in unit.people.get_many(["ada", "bob"])] == ["bob"]
        assert [person.id for person in unit.people.page(5).items] == ["bob"]
        unit.rollback()


def test_removed_id_can_be_registered_again(store: Store) -> None:
    put_new(store, "ada")
    _remove(store, "ada")

    put_new(store, "ada")

    assert stored(store, "ada")["version"] == 1


def test_names_and_addresses_of_every_script_and_length_are_kept(store: Store) -> None:
    names_of = [("Ἀδά", "Лавлейс"), ("达", "洛夫莱斯"), ("😀" * 100, "ü" * 100)]
    people = [
        Person.register(
            id=f"person-{n}",
            first_name=first,
            last_name=last,
            email=Email(f"{n}" * 63 + "@" + "é" * 60 + ".beispiel.example"),
            role=Role.ADMIN,
            now=NOW,
        )
        for n, (first, last) in enumerate(names_of)
    ]
    expected = [{**PERSON.to_state(person), "version": 1} for person in people]

    put(store, *people)

    assert [stored(store, person.id) for person in people] == expected


def test_address_of_254_characters_can_be_looked_up(store: Store) -> None:
    longest = Email(f"{'ü' * 64}@{'é' * 63}.{'é' * 62}.{'é' * 62}")
    put(store, new_person(longest.value, id="ada"))

    with store.unit_of_work() as unit:
        found = unit.people.get_by_email(longest)

    assert (len(found.email.value), found.id) == (254, "ada")


def test_taken_id_and_taken_address_at_once_are_refused_for_the_id(store: Store) -> None:
    put_new(store, "ada")

    with pytest.raises(ConcurrencyConflict):
        put_new(store, "ada")


def test_taken_address_is_refused_by_its_name(store: Store) -> None:
    put_new(store, "ada")

    with pytest.raises(EmailTaken) as refused:
        put(store, new_person(address("ada"), id="bob"))

    assert facts(refused.value) == (EmailTaken, address("ada"))
    with pytest.raises(PersonNotFound):
        stored(store, "bob")


def _remove(store: Store, person_id: str) -> None:
    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get(person_id))
        unit.commit()
