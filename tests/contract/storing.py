"""Short forms of what most contract tests do first and last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.users.user import User
from infrastructure.contexts.users import USER
from tests.stores import Store
from tests.users import NOW, new_user

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


def put(store: Store, *users: User) -> None:
    """Stores these users in one commit."""
    with store.unit_of_work() as unit:
        for user in users:
            unit.users.add(user)
        unit.commit()


def put_new(store: Store, *ids: str) -> None:
    """Stores a user under each id, with the address `<id>@example.com`."""
    put(store, *(new_user(address(id_), id=id_) for id_ in ids))


def address(user_id: str) -> str:
    """The address of a user of `put_new`."""
    return f"{user_id}@example.com"


def rename(store: Store, user_id: str, first_name: str) -> None:
    """Someone else changes the user's name in a unit of work of their own."""
    with store.unit_of_work() as unit:
        user = unit.users.get(user_id)
        user.change_name(first_name, user.last_name, NOW)
        unit.users.save(user)
        unit.commit()


def stored(store: Store, user_id: str) -> Mapping[str, Any]:
    """What everyone else sees of a user. Raises `UserNotFound`."""
    with store.unit_of_work() as unit:
        return USER.to_state(unit.users.get(user_id))


def names(store: Store, *ids: str) -> list[str]:
    """The first names that everyone else sees."""
    return [stored(store, id_)["first_name"] for id_ in ids]


def facts(error: BaseException | None) -> tuple[Any, ...] | None:
    """An error as something that can be compared: its type and its fields."""
    return None if error is None else (type(error), *error.args)
