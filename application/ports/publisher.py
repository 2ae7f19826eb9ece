"""Publishers: how messages get to those outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from application.ports.outbox import OutboxMessage


@frozen
class Accepted:
    """The destination has the message."""


@frozen
class Failed:
    """The destination does not have the message, or nobody knows. `reason` quotes no message."""

    reason: str


@frozen
class Unavailable:
    """The destination takes nothing just now, whatever the message; or nobody knows.

    It is no failure of the message: a connection that fails, an answer that does not come, a
    service that is overloaded, a queue that is gone. `reason` quotes no message.
    """

    reason: str


@frozen
class NotSent:
    """The message was not tried, because it did not fit the request: no failure, try again."""


Outcome = Accepted | Failed | Unavailable | NotSent
"""What became of one message."""


class Publisher(Protocol):
    """Sends messages to one destination."""

    @property
    def timeout(self) -> float:
        """Seconds after which `publish` has given up, as far as the timeouts of a client go."""
        ...

    @property
    def max_messages(self) -> int:
        """How many messages one call takes."""
        ...

    @property
    def is_available(self) -> bool:
        """Whether there is use in trying: not while the destination is known to be out."""
        ...

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """Sends messages that were added for this destination: one request, no retries.

        One outcome a message, in this order. A message of which nobody knows has `Failed` or
        `Unavailable`, and may have been accepted. The request holds the messages that fit in,
        beginning with the first, which is always tried; the others are `NotSent`. Where the
        destination keeps the order of an ordering key, a request holds one message of it: behind
        one that was not accepted, none is. Never raises for what one message, or the way to the
        destination, has wrong.
        """
        ...
