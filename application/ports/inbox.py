"""The inbox: which messages a consumer has handled, so that a repeated one has no effect."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

from domain.errors import Conflict


@frozen
class MessageAlreadyHandled(Conflict):
    """The consumer has handled this message before: acknowledge it."""

    consumer: str
    message_id: str

    def __str__(self) -> str:
        return f"{self.consumer} has handled message {self.message_id} already"


class InboxWriter(Protocol):
    """Remembers messages as part of a unit of work."""

    def knows(self, consumer: str, message_id: str) -> bool:
        """Whether the consumer has handled the message (strongly consistent)."""
        ...

    def remember(self, consumer: str, message_id: str, at: datetime) -> None:
        """Stages that the consumer has processed the message at this time.

        The commit raises `MessageAlreadyHandled` where another one came first. Raises
        `InvalidValue` for names that cannot be stored, and a time without its zone.
        """
        ...
