"""Ending a session."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from application.users.tokens import Caller
from domain.users.user import User


@frozen
class SignOut:
    """Ends the session of an access token, so that its refresh token is worth nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, caller: Caller) -> None:
        """Raises `UserNotFound`. Where another session runs, or none, nothing happens."""

        def end(user: User) -> None:
            if user.session is not None and user.session.id == caller.session_id:
                user.end_session("signed out", self.clock.now())

        change_aggregate(self.unit_of_work, lambda unit: unit.users, caller.user_id, end)
