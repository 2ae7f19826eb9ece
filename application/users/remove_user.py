"""Removing a user."""

from __future__ import annotations

from attrs import frozen

from application.deciding import decide, require_version
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory


@frozen(kw_only=True)
class RemoveUser:
    """`expected_version` None removes whatever is there."""

    user_id: str
    expected_version: int | None = None


@frozen
class RemoveUserHandler:
    """Removes the user and frees the address, in one commit."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: RemoveUser) -> None:
        """Raises `UserNotFound`, `ConcurrencyConflict`."""
        decide(lambda: self._remove(command), expected_version=command.expected_version)

    def _remove(self, command: RemoveUser) -> None:
        with self.unit_of_work() as unit:
            user = unit.users.get(command.user_id)
            require_version("User", user, command.expected_version)
            user.leave(self.clock.now())
            unit.users.remove(user)
            unit.commit()
