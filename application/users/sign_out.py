"""Ending a session."""

from __future__ import annotations

from attrs import frozen

from application.deciding import decide
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory


@frozen
class SignOut:
    """Ends the user's session, so that its refresh token is worth nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, user_id: str) -> None:
        """Raises `UserNotFound`. Without a session nothing happens."""
        decide(lambda: self._end(user_id))

    def _end(self, user_id: str) -> None:
        with self.unit_of_work() as unit:
            user = unit.users.get(user_id)
            user.end_session("signed out", self.clock.now())
            unit.users.save(user)
            unit.commit()
