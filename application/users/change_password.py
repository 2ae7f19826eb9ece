"""Choosing another password."""

from __future__ import annotations

from functools import cache

from attrs import frozen

from application.ports.clock import Clock
from application.ports.failure_limiter import FailureLimiter
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.errors import SignInFailed
from application.users.guessing import guessing_slowed
from domain.users.user import User
from domain.users.values import parse_password


@frozen
class ChangePassword:
    """Stores the new password and ends the session.

    The present password proves that the right person sits at the keyboard.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    password_hasher: PasswordHasher
    failure_limiter: FailureLimiter

    def __call__(
        self, user_id: str, *, current_password: str, new_password: str, source: str
    ) -> None:
        """Raises `InvalidValue`, `UserNotFound`, `SignInFailed` for a wrong present password.

        That counts as a failed sign-in from this source; after too many it is `TooManyFailures`.
        """
        chosen = parse_password("new_password", new_password)
        # Slow on purpose, and the change may be decided again after a conflict: once is enough.
        matches, hashed = cache(self.password_hasher.matches), cache(self.password_hasher.hash)

        def change(user: User) -> None:
            with guessing_slowed(self.failure_limiter, user.email, source):
                if not matches(current_password, user.password_hash):
                    raise SignInFailed()
            user.change_password(hashed(chosen), self.clock.now())

        change_aggregate(self.unit_of_work, lambda unit: unit.users, user_id, change)
