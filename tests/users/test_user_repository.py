"""What `UserRepository` promises beside what every repository does, on every adapter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.repository import UserRepository
from domain.users.user import User
from domain.users.values import Email, Role
from infrastructure.contexts.users import USER
from tests.stores import Store
from tests.times import NOW
from tests.users.samples import new_user


def put(store: Store, *users: User) -> None:
    """Stores these users in one commit."""
    with store.unit_of_work() as unit:
        for user in users:
            unit.users.add(user)
        unit.commit()


def stored(store: Store, user_id: str) -> Mapping[str, Any]:
    """What everyone else sees of a user. Raises `UserNotFound`."""
    with store.unit_of_work() as unit:
        return USER.to_state(unit.users.get(user_id))


def test_the_repository_has_all_that_its_port_asks_for(store: Store) -> None:
    asked = {n for cls in UserRepository.__mro__ for n in vars(cls) if not n.startswith("_")}

    with store.unit_of_work() as unit:
        assert [name for name in asked if not hasattr(unit.users, name)] == []


def test_added_user_is_read_back_as_it_was(store: Store) -> None:
    user = new_user(id="ada")
    expected = {**USER.to_state(user), "version": 1}

    put(store, user)

    assert stored(store, "ada") == expected


def test_session_is_read_back_as_it_was_and_ends(store: Store) -> None:
    user = new_user(id="ada")
    user.start_session("session-1", "token-hash", NOW + timedelta(days=30), NOW)
    put(store, user)

    with store.unit_of_work() as unit:
        loaded = unit.users.get("ada")
        assert loaded.session == user.session
        loaded.ban(NOW)
        unit.users.save(loaded)
        unit.commit()

    assert (stored(store, "ada")["session"], stored(store, "ada")["is_banned"]) == (None, True)


def test_missing_user_is_not_found(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UserNotFound) as missing:
        unit.users.get("nobody")

    assert missing.value.user_id == "nobody"


def test_address_that_nobody_holds_is_not_found_by_its_name(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UserNotFound) as missing:
        unit.users.get_by_email(Email("nobody@example.com"))

    assert missing.value.user_id == "nobody@example.com"


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


def test_taken_address_is_refused_by_its_name(store: Store) -> None:
    put(store, new_user("ada@example.com", id="ada"))

    with pytest.raises(EmailAlreadyRegistered) as refused:
        put(store, new_user("ada@example.com", id="bob"))

    assert refused.value.email == "ada@example.com"
    with pytest.raises(UserNotFound):
        stored(store, "bob")


def test_address_of_a_user_who_moved_is_free(store: Store) -> None:
    put(store, new_user("ada@example.com", id="ada"))
    with store.unit_of_work() as unit:
        ada = unit.users.get_by_email(Email("ada@example.com"))
        ada.change_email(Email("countess@example.com"), NOW)
        unit.users.save(ada)
        unit.commit()

    put(store, new_user("ada@example.com", id="next"))

    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email("ada@example.com")).id == "next"
        assert unit.users.get_by_email(Email("countess@example.com")).id == "ada"


def test_users_are_read_together_and_page_by_page(store: Store) -> None:
    put(store, *(new_user(f"{id_}@example.com", id=id_) for id_ in ("ada", "bob", "carol")))

    with store.unit_of_work() as unit:
        many = unit.users.get_many(["carol", "nobody", "ada"])
        first = unit.users.page(2)
        rest = unit.users.page(2, first.next_cursor)

    assert [user.id for user in many] == ["carol", "ada"]
    assert [user.id for user in (*first.items, *rest.items)] == ["ada", "bob", "carol"]
    assert rest.next_cursor is None


def test_removed_user_is_gone(store: Store) -> None:
    put(store, new_user(id="ada"))
    with store.unit_of_work() as unit:
        unit.users.remove(unit.users.get("ada"))
        unit.commit()

    with pytest.raises(UserNotFound):
        stored(store, "ada")
