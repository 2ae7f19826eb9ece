"""Where users are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from domain.repository import Page, Repository
from domain.users.user import User
from domain.users.values import Email


class UserRepository(Repository[User], Protocol):
    """The users. Missing ones raise `UserNotFound`.

    An e-mail address belongs to at most one user, whatever runs at the same time: a commit that
    would break this raises `EmailAlreadyRegistered` and writes nothing.
    """

    def get_by_email(self, email: Email) -> User:
        """The user who holds this address now (strongly consistent). Raises `UserNotFound`."""
        ...

    def get_many(self, user_ids: Iterable[str]) -> list[User]:
        """The users that exist among these, in the order asked for (strongly consistent)."""
        ...

    def page(self, size: int, cursor: str | None = None) -> Page[User]:
        """Up to `size` users in the order of their ids, from after `cursor`.

        Users who registered moments ago may be missing. Raises `InvalidValue` for a cursor that
        was not issued by this listing.
        """
        ...
