"""Publishers: where messages leave the service."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol, TypeAlias

from application.ports.outbox import OutboxMessage


class NotSent(Enum):
    """The type of `NOT_SENT`."""

    NOT_SENT = "not sent"


NOT_SENT: Final = NotSent.NOT_SENT
"""A message was not tried, because it did not fit the request: no failure, try again."""

Outcome: TypeAlias = str | NotSent | None
"""What became of one message: None where it was accepted, what went wrong, or `NOT_SENT`."""


class Publisher(Protocol):
    """Sends messages to one destination."""

    @property
    def timeout(self) -> float:
        """Seconds after which `publish` has given up, as far as the timeouts of a client go."""
        ...

    @property
    def most_messages(self) -> int:
        """How many messages one call takes."""
        ...

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """Sends messages that were added for this destination: one request, no retries.

        One outcome a message, in this order. A message of which nobody knows went wrong, and may
        have been accepted. The request holds the messages that fit in, beginning with the first,
        which is always tried; the others are `NOT_SENT`. Where the destination keeps the order of
        an ordering key, a request holds one message of it: behind one that went wrong, none is
        accepted. Never raises for what one message, or the way to the destination, has wrong.
        """
        ...
