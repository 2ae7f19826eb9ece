"""Looking whether who holds an access token may still write."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.users.tokens import Caller
from domain.users.errors import SessionRefused, UserNotFound


@frozen
class CheckSession:
    """An access token says who signed in once; whether the session still runs, the user says."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, caller: Caller) -> None:
        """Raises `SessionRefused` where the caller's session has ended, or the caller is gone.

        It ends with a sign-out, another sign-in, a new password and a ban. Costs one strongly
        consistent read of the user.
        """
        try:
            with self.unit_of_work() as unit:
                user = unit.users.get(caller.user_id)
        except UserNotFound as gone:
            raise SessionRefused() from gone
        user.running_session(caller.session_id, self.clock.now())
