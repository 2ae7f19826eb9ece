"""The inbox: which messages a consumer has handled, so that a repeated one has no effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import frozen

from domain.errors import Conflict

T = TypeVar("T")


@frozen(kw_only=True)
class RepeatableRequest:
    """One request under the key that its client gave it.

    `client` is the name of a consumer. `fingerprint` tells the request from others, and is stored:
    it must not let anybody guess a secret in it.
    """

    client: str
    key: str
    fingerprint: str
    at: datetime


@frozen(kw_only=True)
class Receipt:
    """What is kept of a request that was handled: its fingerprint, and how it was answered."""

    fingerprint: str
    answer: bytes


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

    def receipt(self, request: RepeatableRequest) -> Receipt | None:
        """What was kept under the key of the request (strongly consistent), until it expires.

        Raises `InvalidValue` for names that cannot be stored.
        """
        ...

    def keep(self, request: RepeatableRequest, result: T, answer: Callable[[T], bytes]) -> None:
        """Stages that the request was handled, and how it is answered.

        `answer` is called by the commit, with an aggregate of this unit of work as it is stored by
        it, and with any other result as it is. The commit raises `MessageAlreadyHandled` where a
        request with this key came first. Raises as `remember` does.
        """
        ...
