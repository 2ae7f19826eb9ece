"""Ways to deliver tokens. Sending real mail is left to the service that is built from this."""

from __future__ import annotations

from typing import Any

import structlog
from attrs import field, frozen

from domain.users.values import Email


class LogNotifier:
    """Writes to the log instead of sending: the token with `reveal_tokens`, else not even to whom.

    Never reveal tokens where the log is read by people who may not act for every user.
    """

    def __init__(self, *, reveal_tokens: bool) -> None:
        self._reveal_tokens = reveal_tokens
        self._log: Any = structlog.get_logger()

    def send_email_verification(self, email: Email, token: str) -> None:
        """See the port."""
        self._write("email verification due", email, token)

    def send_password_reset(self, email: Email, token: str) -> None:
        """See the port."""
        self._write("password reset due", email, token)

    def _write(self, event: str, email: Email, token: str) -> None:
        if self._reveal_tokens:
            self._log.info(event, email=email.value, token=token)
        else:
            self._log.info(event)


@frozen
class SentMessage:
    """One message that a `MemoryNotifier` took."""

    kind: str
    email: Email
    token: str = field(repr=False)


class MemoryNotifier:
    """Keeps what it was given, oldest first: for tests, and for looking at what would be sent."""

    def __init__(self) -> None:
        self.sent: list[SentMessage] = []

    def send_email_verification(self, email: Email, token: str) -> None:
        """See the port."""
        self.sent.append(SentMessage("email verification", email, token))

    def send_password_reset(self, email: Email, token: str) -> None:
        """See the port."""
        self.sent.append(SentMessage("password reset", email, token))
