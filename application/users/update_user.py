"""Changing a user's own data."""

from __future__ import annotations

from attrs import frozen

from application.deciding import require_version
from application.ports.clock import Clock
from application.ports.notifier import Notifier
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.tokens import UserTokens
from domain.users.user import User
from domain.users.values import Email


@frozen(kw_only=True)
class UpdateUser:
    """What is None stays. `expected_version` is the version the change was decided on."""

    user_id: str
    expected_version: int
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


@frozen
class UpdateUserHandler:
    """Changes name and address in one commit; a new address has to be proven again."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    tokens: UserTokens
    notifier: Notifier

    def __call__(self, command: UpdateUser) -> User:
        """The changed user.

        Raises `InvalidValue`, `UserNotFound`, `ConcurrencyConflict`, `EmailAlreadyRegistered`.
        """
        with self.unit_of_work() as unit:
            user = unit.users.get(command.user_id)
            require_version("User", user, command.expected_version)
            previous_email = user.email
            self._apply(command, user)
            unit.users.save(user)
            unit.commit()
        if user.email != previous_email:
            self.notifier.send_email_verification(user.email, self.tokens.verification(user))
        return user

    def _apply(self, command: UpdateUser, user: User) -> None:
        now = self.clock.now()
        user.change_name(
            user.first_name if command.first_name is None else command.first_name,
            user.last_name if command.last_name is None else command.last_name,
            now,
        )
        if command.email is not None:
            user.change_email(Email.parse(command.email), now)
