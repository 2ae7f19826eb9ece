"""Finding a user without telling whether there is one."""

from __future__ import annotations

from application.ports.ids import IdFactory
from domain.users.errors import UserNotFound
from domain.users.repository import UserRepository
from domain.users.user import User
from domain.users.values import Email


def find_by_email(users: UserRepository, email: Email, ids: IdFactory) -> User | None:
    """The user with this address, or None after as many reads as finding one takes.

    So the time of an answer does not tell whether an address is registered.
    """
    try:
        return users.get_by_email(email)
    except UserNotFound:
        users.get_many([ids.new_id()])
        return None
