"""Listing users, page by page."""

from __future__ import annotations

from attrs import frozen

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import InvalidValue
from domain.repository import Page
from domain.users.user import User

MAX_PAGE = 100


@frozen
class ListUsers:
    """All users in the order they registered."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, size: int = 25, cursor: str | None = None) -> Page[User]:
        """The page after `cursor`. Raises `InvalidValue` for a size or cursor that is none."""
        if not 1 <= size <= MAX_PAGE:
            raise InvalidValue("size", f"must be from 1 to {MAX_PAGE}")
        with self.unit_of_work() as unit:
            return unit.users.page(size, cursor)
