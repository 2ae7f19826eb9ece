"""Locking a user out, and letting them in again."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from domain.users.user import User


@frozen
class BanUser:
    """Bans a user, which ends the session."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, user_id: str) -> User:
        """The user afterwards. Raises `UserNotFound`."""
        return change_aggregate(
            self.unit_of_work,
            lambda unit: unit.users,
            user_id,
            lambda user: user.ban(self.clock.now()),
        )


@frozen
class UnbanUser:
    """Lifts a ban."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, user_id: str) -> User:
        """The user afterwards. Raises `UserNotFound`."""
        return change_aggregate(
            self.unit_of_work,
            lambda unit: unit.users,
            user_id,
            lambda user: user.unban(self.clock.now()),
        )
