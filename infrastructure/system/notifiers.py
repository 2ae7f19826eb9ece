"""Ways to deliver tokens. Sending real mail is left to the service that is built from this."""

from __future__ import annotations

from typing import Any

import structlog
from attrs import field, frozen
from typing_extensions import override

from application.ports.notifier import Notifier
from domain.users.values import Email


class LogNotifier(Notifier):
    """Writes to the log instead of sending: the token with `reveal_tokens`, else not even to whom.

    Never reveal tokens where the log is read by people who may not act for every user.
    """

    def __init__(self, *, reveal_tokens: bool) -> None:
        self._reveal_tokens = reveal_tokens
        self._log: Any = structlog.get_logger()

    @override
    def send_email_verification(self, email: Email, token: str) -> None:
        self._write("email verification due", email, token)

    @override
    def send_password_reset(self, email: Email, token: str) -> None:
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


class MemoryNotifier(Notifier):
    """Keeps what it was given, oldest first: for tests, and for looking at what would be sent."""

    def __init__(self) -> None:
        self.sent: list[SentMessage] = []

    @override
    def send_email_verification(self, email: Email, token: str) -> None:
        self.sent.append(SentMessage("email verification", email, token))

    @override
    def send_password_reset(self, email: Email, token: str) -> None:
        self.sent.append(SentMessage("password reset", email, token))
