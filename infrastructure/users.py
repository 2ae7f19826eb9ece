"""Users, as both providers store them."""

from __future__ import annotations

from typing import TypeVar

from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.user import User
from domain.users.values import Email
from infrastructure.aggregates import AggregateType, Unique
from infrastructure.repository import StateRepository

ActionT = TypeVar("ActionT")

USER_EMAIL: Unique[User] = Unique(
    "email", value_of=lambda user: user.email.value, taken=EmailAlreadyRegistered
)

USERS = AggregateType("User", "users", User, not_found=UserNotFound, unique=(USER_EMAIL,))


class StoredUserRepository(StateRepository[User, ActionT]):
    """Implements `UserRepository` on either provider."""

    def get_by_email(self, email: Email) -> User:
        """See `UserRepository`."""
        return self.get_by(USER_EMAIL, email.value)
