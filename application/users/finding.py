"""Small steps that several use cases of users share."""

from __future__ import annotations

from application.ports.ids import IdFactory
from domain.errors import ConcurrencyConflict
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


def require_version(user: User, expected: int) -> None:
    """Raises `ConcurrencyConflict` unless the user is still at the version the caller saw."""
    if user.version != expected:
        raise ConcurrencyConflict("User", user.id, expected, user.version)
