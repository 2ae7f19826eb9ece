"""An address belongs to one person at most, and follows that person around."""

from __future__ import annotations

import pytest

from domain.errors import Conflict
from tests.contract.storing import address, facts, move, names, put, put_new, stored
from tests.samples.people import Email, EmailTaken, Person, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW


def test_person_is_found_by_address(store: Store) -> None:
    put_new(store, "ada", "bob")

    assert _holder(store, address("ada")) == "ada"


def test_address_that_nobody_holds_is_not_found_by_its_name(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(PersonNotFound) as missing:
        unit.people.get_by_email(Email("nobody@example.com"))

    assert missing.value.aggregate_id == "nobody@example.com"


def test_refused_address_leaves_the_other_changes_of_the_unit_unwritten(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        ada.change_name("Changed", "Lovelace", NOW)
        unit.people.save(ada)
        unit.people.remove(unit.people.get("bob"))
        unit.people.add(new_person("new@example.com", id="new"))
        unit.people.add(new_person(address("ada"), id="second-ada"))
        with pytest.raises(EmailTaken):
            unit.commit()
        unit.rollback()

    assert names(store, "ada", "bob") == ["Ada", "Ada"]
    for never_stored in ("new", "second-ada"):
        with pytest.raises(PersonNotFound):
            stored(store, never_stored)
    put(store, new_person("new@example.com", id="later"))


def test_changed_address_moves_with_the_person_and_frees_the_old_one(store: Store) -> None:
    put_new(store, "ada")

    move(store, "ada", "countess@example.com")

    assert _holder(store, "countess@example.com") == "ada"
    assert _holder(store, address("ada")) is None
    put(store, new_person(address("ada"), id="next"))
    assert _holder(store, address("ada")) == "next"


def test_changing_to_a_taken_address_is_refused(store: Store) -> None:
    put_new(store, "ada", "bob")

    with pytest.raises(EmailTaken) as refused:
        move(store, "bob", address("ada"))

    assert facts(refused.value) == (EmailTaken, address("ada"))
    assert [_holder(store, address(id_)) for id_ in ("ada", "bob")] == ["ada", "bob"]
    assert (address("bob"), 1) == (stored(store, "bob")["email"], stored(store, "bob")["version"])


def test_address_can_come_back_to_its_person(store: Store) -> None:
    put_new(store, "ada")

    move(store, "ada", "countess@example.com")
    move(store, "ada", address("ada"))

    assert _holder(store, address("ada")) == "ada"
    put(store, new_person("countess@example.com", id="bob"))


def test_address_changed_there_and_back_in_one_unit_touches_no_claim(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        ada.change_email(Email("countess@example.com"), NOW)
        ada.change_email(Email(address("ada")), NOW)
        unit.people.save(ada)
        unit.commit()

    assert _holder(store, address("ada")) == "ada"
    assert _holder(store, "countess@example.com") is None


def test_address_can_come_back_to_its_person_by_two_commits_of_one_unit(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        for email in ("countess@example.com", address("ada")):
            ada.change_email(Email(email), NOW)
            unit.people.save(ada)
            unit.commit()

    assert ada.version == 3
    assert _holder(store, address("ada")) == "ada"
    assert _holder(store, "countess@example.com") is None


def test_two_people_of_one_unit_cannot_have_one_address(store: Store) -> None:
    with pytest.raises(EmailTaken) as refused:
        put(store, new_person("one@example.com", id="ada"), new_person("one@example.com", id="bob"))

    assert facts(refused.value) == (EmailTaken, "one@example.com")
    for never_stored in ("ada", "bob"):
        with pytest.raises(PersonNotFound):
            stored(store, never_stored)


def test_two_people_can_swap_addresses_in_one_unit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.people.get_many(["ada", "bob"])
        ada.change_email(Email(address("bob")), NOW)
        bob.change_email(Email(address("ada")), NOW)
        unit.people.save(ada)
        unit.people.save(bob)
        unit.commit()

    assert [_holder(store, address(id_)) for id_ in ("ada", "bob")] == ["bob", "ada"]


@pytest.mark.parametrize("heir_first", [True, False])
def test_address_of_a_removed_person_can_go_to_a_new_one_in_the_same_unit(
    store: Store, heir_first: bool
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        if heir_first:
            unit.people.add(new_person(address("ada"), id="heir"))
        unit.people.remove(unit.people.get("ada"))
        if not heir_first:
            unit.people.add(new_person(address("ada"), id="heir"))
        unit.commit()

    assert _holder(store, address("ada")) == "heir"
    with pytest.raises(EmailTaken):
        put(store, new_person(address("ada"), id="second-heir"))


def test_swap_is_refused_when_one_of_both_was_changed_meanwhile(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.people.get_many(["ada", "bob"])
        move(store, "bob", "away@example.com")
        put(store, new_person(address("bob"), id="carol"))
        ada.change_email(Email(address("bob")), NOW)
        bob.change_email(Email(address("ada")), NOW)
        unit.people.save(ada)
        unit.people.save(bob)
        with pytest.raises(Conflict):
            unit.commit()
        unit.rollback()

    assert [_holder(store, address(id_)) for id_ in ("ada", "bob")] == ["ada", "carol"]
    assert _holder(store, "away@example.com") == "bob"


def test_change_of_address_within_a_unit_shows_elsewhere_only_after_its_commit(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        ada.change_email(Email("countess@example.com"), NOW)
        unit.people.save(ada)

        assert _holder(store, address("ada")) == "ada"
        assert _holder(store, "countess@example.com") is None
        unit.rollback()


def test_unit_that_changed_an_address_finds_its_person_under_the_old_one_no_more(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.people.get("ada").change_email(Email("countess@example.com"), NOW)
        with pytest.raises(PersonNotFound):
            unit.people.get_by_email(Email(address("ada")))
        unit.rollback()


def _holder(store: Store, email: str) -> str | None:
    with store.unit_of_work() as unit:
        try:
            holder: Person = unit.people.get_by_email(Email(email))
        except PersonNotFound:
            return None
    return holder.id
