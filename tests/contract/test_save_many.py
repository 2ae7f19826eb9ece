"""What every adapter promises about saving many users, each in a commit of its own."""

from __future__ import annotations

import pytest

from application.errors import UnitOfWorkMisused
from domain.errors import ConcurrencyConflict
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.values import Email
from tests.contract.storing import address, facts, names, put_new, rename, stored
from tests.stores import Store
from tests.users import NOW, new_user


def test_each_user_has_an_outcome_of_its_own(store: Store) -> None:
    put_new(store, "fine", "stale", "taken", "unchanged", "holder")

    with store.unit_of_work() as unit:
        users = unit.users.get_many(["fine", "stale", "taken", "unchanged"])
        fine, stale, taken, _ = users
        rename(store, "stale", "Theirs")
        fine.change_name("Ours", "Lovelace", NOW)
        stale.change_name("Ours", "Lovelace", NOW)
        taken.change_email(Email(address("holder")), NOW)
        outcomes = unit.users.save_many(users)

    assert [outcome.aggregate for outcome in outcomes] == users
    assert [outcome.saved for outcome in outcomes] == [True, False, False, True]
    assert [facts(outcome.error) for outcome in outcomes] == [
        None,
        (ConcurrencyConflict, "User", "stale", 1, 2),
        (EmailAlreadyRegistered, address("holder")),
        None,
    ]
    assert names(store, "fine", "stale") == ["Ours", "Theirs"]
    assert stored(store, "taken")["email"] == address("taken")


def test_saved_users_advance_and_refused_ones_stay_as_they_were(store: Store) -> None:
    put_new(store, "fine", "stale")

    with store.unit_of_work() as unit:
        users = unit.users.get_many(["fine", "stale"])
        rename(store, "stale", "Theirs")
        for user in users:
            user.ban(NOW)
        unit.users.save_many(users)

        assert [(user.version, len(user.recorded_events)) for user in users] == [(2, 0), (1, 1)]


def test_refused_user_can_be_read_and_changed_again_in_the_same_unit(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        rename(store, "ada", "Theirs")
        user.ban(NOW)
        unit.users.save_many([user])
        again = unit.users.get("ada")
        again.ban(NOW)
        unit.users.save(again)
        unit.commit()

    assert (stored(store, "ada")["first_name"], stored(store, "ada")["is_banned"]) == (
        "Theirs",
        True,
    )


def test_saved_user_can_be_changed_again_in_the_same_unit(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        user.change_email(Email("countess@example.com"), NOW)
        unit.users.save_many([user])
        user.change_email(Email(address("ada")), NOW)
        unit.users.save(user)
        unit.commit()

    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email(address("ada"))).version == 3
        with pytest.raises(UserNotFound):
            unit.users.get_by_email(Email("countess@example.com"))


def test_what_else_is_staged_waits_for_the_commit_of_the_unit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.users.get_many(["ada", "bob"])
        unit.users.add(new_user("carol@example.com", id="carol"))
        for user in (ada, bob):
            user.change_name("Changed", "Lovelace", NOW)
            unit.users.save(user)
        unit.users.save_many([ada])
        between = names(store, "ada", "bob")
        unit.commit()

    assert between == ["Changed", "Ada"]
    assert names(store, "ada", "bob", "carol") == ["Changed", "Changed", "Ada"]


def test_rollback_afterwards_does_not_take_back_what_was_saved(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        user.ban(NOW)
        unit.users.save_many([user])
        unit.rollback()

    assert stored(store, "ada")["is_banned"] is True


def test_new_users_can_be_stored_this_way_too(store: Store) -> None:
    put_new(store, "holder")
    new = [new_user(address("holder"), id="taken"), new_user("new@example.com", id="new")]

    with store.unit_of_work() as unit:
        for user in new:
            unit.users.add(user)
        outcomes = unit.users.save_many(new)

    assert [outcome.saved for outcome in outcomes] == [False, True]
    assert stored(store, "new")["version"] == 1


def test_later_user_of_the_list_can_take_the_address_that_an_earlier_one_gave_up(
    store: Store,
) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.users.get_many(["ada", "bob"])
        ada.change_email(Email("countess@example.com"), NOW)
        bob.change_email(Email(address("ada")), NOW)
        outcomes = unit.users.save_many([ada, bob])

    assert [outcome.saved for outcome in outcomes] == [True, True]


def test_more_users_than_fit_into_one_commit_are_saved(store: Store) -> None:
    ids = [f"user-{n:03}" for n in range(101)]
    for start in range(0, len(ids), 30):
        put_new(store, *ids[start : start + 30])

    with store.unit_of_work() as unit:
        users = unit.users.get_many(ids)
        for user in users:
            user.ban(NOW)
        outcomes = unit.users.save_many(users)

    assert [outcome.saved for outcome in outcomes] == [True] * 101


def test_nothing_to_save_has_no_outcome(store: Store) -> None:
    with store.unit_of_work() as unit:
        assert unit.users.save_many([]) == []


def test_misuse_saves_none_of_them_and_forgets_nothing(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        ada, bob = unit.users.get_many(["ada", "bob"])
        ada.ban(NOW)
        unit.users.remove(bob)
        for users in ([ada, bob], [ada, ada], [ada, new_user()]):
            with pytest.raises(UnitOfWorkMisused):
                unit.users.save_many(users)
        unit.users.save(ada)
        unit.commit()

    assert stored(store, "ada")["is_banned"] is True
    with pytest.raises(UserNotFound):
        stored(store, "bob")
