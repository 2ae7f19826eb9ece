"""Users to test with."""

from __future__ import annotations

from typing import Any

from application.ports.outbox import OutboxMessage
from domain.users.user import User
from domain.users.values import Email
from infrastructure.system.ids import RandomIds
from tests.outboxes import messages
from tests.times import NOW


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


def messages_of_users(*ids: str, **more: Any) -> list[OutboxMessage]:
    """A message under each id, for the destination of users."""
    return messages(*ids, **{"message_type": "UserRegistered", "destination": "users", **more})
