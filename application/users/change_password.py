"""Choosing another password while knowing the present one."""

from __future__ import annotations

from attrs import field, frozen

from application.deciding import decide
from application.errors import SignInFailed
from application.ports.clock import Clock
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.users.values import parse_password


@frozen(kw_only=True)
class ChangePassword:
    """The present password proves that the right person sits at the keyboard."""

    user_id: str
    current_password: str = field(repr=False)
    new_password: str = field(repr=False)


@frozen
class ChangePasswordHandler:
    """Stores the new password and ends the session."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    hasher: PasswordHasher

    def __call__(self, command: ChangePassword) -> None:
        """Raises `InvalidValue`, `UserNotFound`, `SignInFailed` for a wrong present password."""
        new_hash = self.hasher.hash(parse_password("new_password", command.new_password))
        decide(lambda: self._change(command, new_hash))

    def _change(self, command: ChangePassword, new_hash: str) -> None:
        with self.unit_of_work() as unit:
            user = unit.users.get(command.user_id)
            if not self.hasher.matches(command.current_password, user.password_hash):
                raise SignInFailed()
            user.change_password(new_hash, self.clock.now())
            unit.users.save(user)
            unit.commit()
