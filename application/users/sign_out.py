"""Ending a session."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate


@frozen
class SignOut:
    """Ends the user's session, so that its refresh token is worth nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, user_id: str) -> None:
        """Raises `UserNotFound`. Without a session nothing happens."""
        change_aggregate(
            self.unit_of_work,
            lambda unit: unit.users,
            user_id,
            lambda user: user.end_session("signed out", self.clock.now()),
        )
