"""Ways to deliver tokens."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import structlog
from attrs import field, frozen
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.notifier import Notifier
from domain.users.values import Email

_VERIFY = """\
Somebody gave this address when they registered. If it was you, confirm it:

{token}

If it was not you, there is nothing to do.
"""
_UNDO = """\
Somebody who gave your password asked to move your account from this address to another. If it
was you, there is nothing to do.

If it was not you, undo it within seven days. Then the account is at this address again, everybody
is signed out, and a mail comes with which to choose a new password:

{token}
"""
_RESET = """\
Somebody asked for a new password for the account with this address. If it was you, choose one:

{token}

If it was not you, there is nothing to do: your password stays as it is.
"""


@frozen(kw_only=True)
class MailNotifier(Notifier):
    """Hands a mail over for each token.

    Where there is a page that takes the token, the mail has its address, with the token behind `#`:
    that part of an address is sent to no server.
    """

    hand_over: Callable[[EmailMessage], None]
    sender: str
    clock: Clock
    ids: IdFactory
    verification_page: str | None = None
    undo_page: str | None = None
    reset_page: str | None = None

    @override
    def send_email_verification(self, email: Email, token: str) -> None:
        text = _VERIFY.format(token=_link(self.verification_page, token))
        self._post(email, "Confirm your e-mail address", text)

    @override
    def send_email_change_undo(self, email: Email, token: str) -> None:
        text = _UNDO.format(token=_link(self.undo_page, token))
        self._post(email, "Your e-mail address is to be changed", text)

    @override
    def send_password_reset(self, email: Email, token: str) -> None:
        text = _RESET.format(token=_link(self.reset_page, token))
        self._post(email, "Choose a new password", text)

    def _post(self, email: Email, subject: str, text: str) -> None:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = email.value
        message["Subject"] = subject
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{self.ids.new_id()}@{self.sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # no holiday notes: RFC 3834
        message.set_content(text)
        self.hand_over(message)


def _link(page: str | None, token: str) -> str:
    return token if page is None else f"{page}#{token}"


class LogNotifier(Notifier):
    """Writes tokens to the log, whose readers may then act for every user: for development."""

    def __init__(self) -> None:
        self._log: Any = structlog.get_logger()

    @override
    def send_email_verification(self, email: Email, token: str) -> None:
        self._write("email verification due", email, token)

    @override
    def send_email_change_undo(self, email: Email, token: str) -> None:
        self._write("email change can be undone", email, token)

    @override
    def send_password_reset(self, email: Email, token: str) -> None:
        self._write("password reset due", email, token)

    def _write(self, event: str, email: Email, token: str) -> None:
        self._log.info(event, email=email.value, token=token)


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
    def send_email_change_undo(self, email: Email, token: str) -> None:
        self.sent.append(SentMessage("email change undo", email, token))

    @override
    def send_password_reset(self, email: Email, token: str) -> None:
        self.sent.append(SentMessage("password reset", email, token))
