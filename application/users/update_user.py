"""Changing a user's own data."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.notifier import Notifier
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.tokens import UserTokens
from domain.users.events import EmailChanged
from domain.users.user import User
from domain.users.values import Email


@frozen
class UpdateUser:
    """Changes name and address in one commit; a new address has to be proven again."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    user_tokens: UserTokens
    notifier: Notifier

    def __call__(
        self,
        user_id: str,
        *,
        expected_version: int,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
    ) -> User:
        """The changed user; what is None stays.

        `expected_version` is the version that the change was decided on. Raises `InvalidValue`,
        `UserNotFound`, `ConcurrencyConflict`, `EmailAlreadyRegistered`.
        """
        has_moved = False

        def update(user: User) -> None:
            nonlocal has_moved
            now = self.clock.now()
            user.change_name(
                user.first_name if first_name is None else first_name,
                user.last_name if last_name is None else last_name,
                now,
            )
            if email is not None:
                user.change_email(Email.parse(email), now)
            has_moved = any(isinstance(event, EmailChanged) for event in user.recorded_events)

        user = change_aggregate(
            self.unit_of_work,
            lambda unit: unit.users,
            user_id,
            update,
            expected_version=expected_version,
        )
        if has_moved:
            self.notifier.send_email_verification(user.email, self.user_tokens.verification(user))
        return user
