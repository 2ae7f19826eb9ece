"""Removing a user."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import require_version, retry_on_conflict


@frozen
class RemoveUser:
    """Removes the user and frees the address, in one commit."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, user_id: str, *, expected_version: int | None = None) -> None:
        """Removes that version; None: whatever is there.

        Raises `UserNotFound`, `ConcurrencyConflict`, `UserIsBanned`.
        """

        def attempt() -> None:
            with self.unit_of_work() as unit:
                user = unit.users.get(user_id)
                require_version(user, expected_version)
                user.leave(self.clock.now())
                unit.users.remove(user)
                unit.commit()

        retry_on_conflict(attempt, expected_version=expected_version)
