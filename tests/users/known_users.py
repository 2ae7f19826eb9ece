"""Users in a known state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.users.user import User
from infrastructure.contexts.users import USER
from tests.times import NOW
from tests.users.samples import new_user

LATER = NOW + timedelta(hours=1)


NEXT_MONTH = NOW + timedelta(days=30)


SECRETS = ("pass-hash-1", "pass-hash-2", "token-hash-1", "token-hash-2")


def user(**changes: Any) -> User:
    """A stored user without recorded events."""
    registered = new_user(id="ada")
    return USER.from_state({**USER.to_state(registered), "version": 1, **changes})


def signed_in(**changes: Any) -> User:
    """The same with a running session."""
    known = user(**changes)
    known.start_session("session-1", SECRETS[2], NEXT_MONTH, NOW)
    known.committed(2, known.recorded_events[:1])
    return known


def state(of: User) -> dict[str, Any]:
    return dict(USER.to_state(of))
