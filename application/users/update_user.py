"""Changing a user's own data."""

from __future__ import annotations

from attrs import frozen

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import change_aggregate
from domain.users.user import User


@frozen
class UpdateUser:
    """Changes the name. Address and password need the present password, and use cases of theirs."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(
        self,
        user_id: str,
        *,
        expected_version: int,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> User:
        """The changed user; what is None stays.

        `expected_version` is the version that the change was decided on. Raises `InvalidValue`,
        `UserNotFound`, `ConcurrencyConflict`.
        """

        def update(user: User) -> None:
            user.change_name(
                user.first_name if first_name is None else first_name,
                user.last_name if last_name is None else last_name,
                self.clock.now(),
            )

        return change_aggregate(
            self.unit_of_work,
            lambda unit: unit.users,
            user_id,
            update,
            expected_version=expected_version,
        )
