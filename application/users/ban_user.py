"""Locking a user out, and letting them in again."""

from __future__ import annotations

from attrs import frozen

from application.deciding import decide
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.users.user import User


@frozen(kw_only=True)
class BanUser:
    """`banned` False lifts the ban."""

    user_id: str
    banned: bool = True


@frozen
class BanUserHandler:
    """Bans a user, which ends the session, or lifts the ban."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: BanUser) -> User:
        """The user afterwards. Raises `UserNotFound`."""
        return decide(lambda: self._apply(command))

    def _apply(self, command: BanUser) -> User:
        with self.unit_of_work() as unit:
            user = unit.users.get(command.user_id)
            if command.banned:
                user.ban(self.clock.now())
            else:
                user.unban(self.clock.now())
            unit.users.save(user)
            unit.commit()
            return user
