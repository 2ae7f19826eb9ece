"""What every adapter of `UserRepository` promises about single users and their addresses."""

from __future__ import annotations

import pytest

from domain.errors import ConcurrencyConflict, InvalidValue
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.user import User
from domain.users.values import Email, Role
from infrastructure.contexts.users import USER
from tests.contract.storing import HOSTILE_IDS, address, facts, names, put, put_new, rename, stored
from tests.stores import Store
from tests.users import NOW, new_user

hostile = pytest.mark.parametrize("hostile", HOSTILE_IDS.values(), ids=HOSTILE_IDS)


def test_added_user_is_read_back_as_it_was(store: Store) -> None:
    user = new_user(id="ada")
    expected = {**USER.to_state(user), "version": 1}

    put(store, user)

    assert stored(store, "ada") == expected


def test_missing_user_is_not_found(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UserNotFound) as missing:
        unit.users.get("nobody")

    assert missing.value.user_id == "nobody"


@hostile
def test_what_cannot_be_an_id_is_not_found(store: Store, hostile: str) -> None:
    put(store, new_user("ada@example.com"))

    with store.unit_of_work() as unit, pytest.raises(UserNotFound) as missing:
        unit.users.get(hostile)

    assert hostile == missing.value.user_id


@hostile
def test_user_with_such_an_id_cannot_be_added(store: Store, hostile: str) -> None:
    user = User(
        id=hostile, first_name="A", last_name="L", email=Email("a@b.example"), password_hash="-"
    )
    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.users.add(user)

    assert refused.value.field == "id"


def test_id_gives_the_same_object_within_a_unit_of_work(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")

        assert user is unit.users.get("ada")
        assert user is unit.users.get_by_email(user.email)
        assert [user] == unit.users.get_many(["ada"])
        assert unit.users.page(5).items == (user,)


def test_two_units_of_work_share_no_object(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as one, store.unit_of_work() as other:
        assert one.users.get("ada") is not other.users.get("ada")


def test_adding_an_id_that_exists_is_a_conflict_with_version_zero(store: Store) -> None:
    put_new(store, "ada")
    rename(store, "ada", "Augusta")

    with pytest.raises(ConcurrencyConflict) as conflict:
        put(store, new_user("other@example.com", id="ada"))

    assert facts(conflict.value) == (ConcurrencyConflict, "User", "ada", 0, 2)
    assert names(store, "ada") == ["Augusta"]


def test_saving_a_user_that_someone_else_saved_is_a_conflict_with_both_versions(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        rename(store, "ada", "Theirs")
        user.change_name("Ours", "Lovelace", NOW)
        unit.users.save(user)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "User", "ada", 1, 2)
    assert names(store, "ada") == ["Theirs"]


def test_saving_a_user_that_someone_else_removed_is_a_conflict_without_a_version(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        _remove(store, "ada")
        user.ban(NOW)
        unit.users.save(user)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "User", "ada", 1, None)
    with pytest.raises(UserNotFound):
        stored(store, "ada")


def test_saving_an_unchanged_user_sends_nothing_and_keeps_the_version(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        unit.users.save(user)
        with store.meter.measure() as used:
            unit.commit()

    assert used.requests == 0
    assert (user.version, stored(store, "ada")["version"]) == (1, 1)


def test_user_removed_is_gone_and_the_address_is_free(store: Store) -> None:
    put_new(store, "ada")

    _remove(store, "ada")
    put(store, new_user(address("ada"), id="other"))

    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email(address("ada"))).id == "other"
        with pytest.raises(UserNotFound):
            unit.users.get("ada")


def test_removing_a_user_that_someone_else_saved_is_a_conflict_and_removes_nothing(
    store: Store,
) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        rename(store, "ada", "Theirs")
        unit.users.remove(user)
        with pytest.raises(ConcurrencyConflict) as conflict:
            unit.commit()
        unit.rollback()

    assert facts(conflict.value) == (ConcurrencyConflict, "User", "ada", 1, 2)
    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email(address("ada"))).first_name == "Theirs"


def test_user_staged_for_removal_is_not_found_any_more(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        unit.users.remove(unit.users.get("ada"))

        with pytest.raises(UserNotFound):
            unit.users.get("ada")
        with pytest.raises(UserNotFound):
            unit.users.get_by_email(Email(address("ada")))
        assert [user.id for user in unit.users.get_many(["ada", "bob"])] == ["bob"]
        assert [user.id for user in unit.users.page(5).items] == ["bob"]
        unit.rollback()


def test_removed_id_can_be_registered_again(store: Store) -> None:
    put_new(store, "ada")
    _remove(store, "ada")

    put_new(store, "ada")

    assert stored(store, "ada")["version"] == 1


def test_names_and_addresses_of_every_script_and_length_are_kept(store: Store) -> None:
    names_of = [("Ἀδά", "Лавлейс"), ("达", "洛夫莱斯"), ("😀" * 100, "ü" * 100)]
    users = [
        User.register(
            id=f"user-{n}",
            first_name=first,
            last_name=last,
            email=Email.parse(f"{n}" * 63 + "@" + "é" * 60 + ".beispiel.example"),
            password_hash="-",
            role=Role.ADMIN,
            now=NOW,
        )
        for n, (first, last) in enumerate(names_of)
    ]
    expected = [{**USER.to_state(user), "version": 1} for user in users]

    put(store, *users)

    assert [stored(store, user.id) for user in users] == expected


def test_address_of_254_characters_can_be_looked_up(store: Store) -> None:
    longest = Email.parse(f"{'ü' * 64}@{'é' * 63}.{'é' * 62}.{'é' * 62}")
    put(store, new_user(longest.value, id="ada"))

    with store.unit_of_work() as unit:
        found = unit.users.get_by_email(longest)

    assert (len(found.email.value), found.id) == (254, "ada")


def test_taken_id_and_taken_address_at_once_are_refused_for_the_id(store: Store) -> None:
    put_new(store, "ada")

    with pytest.raises(ConcurrencyConflict):
        put_new(store, "ada")


def test_taken_address_is_refused_by_its_name(store: Store) -> None:
    put_new(store, "ada")

    with pytest.raises(EmailAlreadyRegistered) as refused:
        put(store, new_user(address("ada"), id="bob"))

    assert facts(refused.value) == (EmailAlreadyRegistered, address("ada"))
    with pytest.raises(UserNotFound):
        stored(store, "bob")


def _remove(store: Store, user_id: str) -> None:
    with store.unit_of_work() as unit:
        unit.users.remove(unit.users.get(user_id))
        unit.commit()
