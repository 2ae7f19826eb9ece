"""Users to test with."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.users.user import User
from domain.users.values import Email
from infrastructure.system.ids import RandomIds

# In the future: engines remove what expires before their own now, also in the middle of a test.
NOW = datetime(2046, 11, 20, 12, 0, tzinfo=UTC)


def new_user(email: str = "ada@example.com", *, id: str | None = None) -> User:
    """A user who registers at `NOW`, not stored yet."""
    return User.register(
        id=id or RandomIds().new_id(),
        first_name="Ada",
        last_name="Lovelace",
        email=Email.parse(email),
        password_hash="not-a-real-hash",
        now=NOW,
    )
