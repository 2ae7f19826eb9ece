"""Looking at users."""

from __future__ import annotations

from attrs import frozen

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.users.user import User


@frozen
class GetUser:
    """One user by id."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, user_id: str) -> User:
        """The user as last committed. Raises `UserNotFound`."""
        with self.unit_of_work() as unit:
            return unit.users.get(user_id)
