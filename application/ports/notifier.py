"""Messages to a person that carry a secret, and so never pass an event or an outbox."""

from __future__ import annotations

from typing import Protocol

from domain.users.values import Email


class Notifier(Protocol):
    """Delivers tokens to the owner of an address.

    It only hands them over, to a queue or a thread: it is called for known addresses alone, so
    time spent here would tell which addresses are known.
    """

    def send_email_verification(self, email: Email, token: str) -> None:
        """Sends the token that proves the address."""
        ...

    def send_email_change_undo(self, email: Email, token: str) -> None:
        """Tells the present address of a change, and sends the token that undoes it."""
        ...

    def send_password_reset(self, email: Email, token: str) -> None:
        """Sends the token that allows a new password."""
        ...
