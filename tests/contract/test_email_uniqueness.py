"""An address belongs to one user at most, and follows that user around."""

from __future__ import annotations

import pytest

from domain.errors import Conflict
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.user import User
from domain.users.values import Email
from tests.contract.storing import address, facts, names, put, put_new, stored
from tests.stores import Store
from tests.users import NOW, new_user


def test_user_is_found_by_address(store: Store) -> None:
    put_new(store, "ada", "bob")

    assert _holder(store, address("ada")) == "ada"


def test_address_that_nobody_holds_is_not_found_by_its_name(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UserNotFound) as missing:
        unit.users.get_by_email(Email("nobody@example.com"))

    assert missing.value.user_id == "nobody@example.com"


def test_refused_address_leaves_the_other_changes_of_the_unit_unwritten(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada = unit.users.get("ada")
        ada.change_name("Changed", "Lovelace", NOW)
        unit.users.save(ada)
        unit.users.remove(unit.users.get("bob"))
        unit.users.add(new_user("new@example.com", id="new"))
        unit.users.add(new_user(address("ada"), id="second-ada"))
        with pytest.raises(EmailAlreadyRegistered):
            unit.commit()
        unit.rollback()

    assert names(store, "ada", "bob") == ["Ada", "Ada"]
    for never_stored in ("new", "second-ada"):
        with pytest.raises(UserNotFound):
            stored(store, never_stored)
    put(store, new_user("new@example.com", id="later"))


def test_changed_address_moves_with_the_user_and_frees_the_old_one(store: Store) -> None:
    put_new(store, "ada")

    _move(store, "ada", "countess@example.com")

    assert _holder(store, "countess@example.com") == "ada"
    assert _holder(store, address("ada")) is None
    put(store, new_user(address("ada"), id="next"))
    assert _holder(store, address("ada")) == "next"


def test_changing_to_a_taken_address_is_refused(store: Store) -> None:
    put_new(store, "ada", "bob")

    with pytest.raises(EmailAlreadyRegistered) as refused:
        _move(store, "bob", address("ada"))

    assert facts(refused.value) == (EmailAlreadyRegistered, address("ada"))
    assert [_holder(store, address(id_)) for id_ in ("ada", "bob")] == ["ada", "bob"]
    assert (address("bob"), 1) == (stored(store, "bob")["email"], stored(store, "bob")["version"])


def test_address_can_come_back_to_its_user(store: Store) -> None:
    put_new(store, "ada")

    _move(store, "ada", "countess@example.com")
    _move(store, "ada", address("ada"))

    assert _holder(store, address("ada")) == "ada"
    put(store, new_user("countess@example.com", id="bob"))


def test_address_changed_there_and_back_in_one_unit_touches_no_claim(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.users.get("ada")
        ada.change_email(Email("countess@example.com"), NOW)
        ada.change_email(Email(address("ada")), NOW)
        unit.users.save(ada)
        unit.commit()

    assert _holder(store, address("ada")) == "ada"
    assert _holder(store, "countess@example.com") is None


def test_address_can_come_back_to_its_user_by_two_commits_of_one_unit(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.users.get("ada")
        for email in ("countess@example.com", address("ada")):
            ada.change_email(Email(email), NOW)
            unit.users.save(ada)
            unit.commit()

    assert ada.version == 3
    assert _holder(store, address("ada")) == "ada"
    assert _holder(store, "countess@example.com") is None


def test_two_users_of_one_unit_cannot_have_one_address(store: Store) -> None:
    with pytest.raises(EmailAlreadyRegistered) as refused:
        put(store, new_user("one@example.com", id="ada"), new_user("one@example.com", id="bob"))

    assert facts(refused.value) == (EmailAlreadyRegistered, "one@example.com")
    for never_stored in ("ada", "bob"):
        with pytest.raises(UserNotFound):
            stored(store, never_stored)


def test_two_users_can_swap_addresses_in_one_unit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.users.get_many(["ada", "bob"])
        ada.change_email(Email(address("bob")), NOW)
        bob.change_email(Email(address("ada")), NOW)
        unit.users.save(ada)
        unit.users.save(bob)
        unit.commit()

    assert [_holder(store, address(id_)) for id_ in ("ada", "bob")] == ["bob", "ada"]


@pytest.mark.parametrize("heir_first", [True, False])
def test_address_of_a_removed_user_can_go_to_a_new_one_in_the_same_unit(
    store: Store, heir_first: bool
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        if heir_first:
            unit.users.add(new_user(address("ada"), id="heir"))
        unit.users.remove(unit.users.get("ada"))
        if not heir_first:
            unit.users.add(new_user(address("ada"), id="heir"))
        unit.commit()

    assert _holder(store, address("ada")) == "heir"
    with pytest.raises(EmailAlreadyRegistered):
        put(store, new_user(address("ada"), id="second-heir"))


def test_swap_is_refused_when_one_of_both_was_changed_meanwhile(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.users.get_many(["ada", "bob"])
        _move(store, "bob", "away@example.com")
        put(store, new_user(address("bob"), id="carol"))
        ada.change_email(Email(address("bob")), NOW)
        bob.change_email(Email(address("ada")), NOW)
        unit.users.save(ada)
        unit.users.save(bob)
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
        ada = unit.users.get("ada")
        ada.change_email(Email("countess@example.com"), NOW)
        unit.users.save(ada)

        assert _holder(store, address("ada")) == "ada"
        assert _holder(store, "countess@example.com") is None
        unit.rollback()


def test_unit_that_changed_an_address_finds_its_user_under_the_old_one_no_more(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.users.get("ada").change_email(Email("countess@example.com"), NOW)
        with pytest.raises(UserNotFound):
            unit.users.get_by_email(Email(address("ada")))
        unit.rollback()


def _holder(store: Store, email: str) -> str | None:
    with store.unit_of_work() as unit:
        try:
            holder: User = unit.users.get_by_email(Email(email))
        except UserNotFound:
            return None
    return holder.id


def _move(store: Store, user_id: str, email: str) -> None:
    with store.unit_of_work() as unit:
        user = unit.users.get(user_id)
        user.change_email(Email(email), NOW)
        unit.users.save(user)
        unit.commit()
