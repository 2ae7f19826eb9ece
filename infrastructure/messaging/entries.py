"""One message as an entry of a request that sends several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import field, frozen

from application.errors import LimitExceeded
from application.ports.outbox import OutboxMessage

LARGEST_MESSAGE = 262_144
"""Bytes that every queue and topic takes, whatever its age and settings allow beyond that.

Source: "Amazon SQS message quotas", "Amazon SNS endpoints and quotas". Newer queues take 1 MiB.
"""


@frozen
class Entry:
    """`request` is what the service gets, `size` its bytes as the service reckons them."""

    request: Mapping[str, Any] = field(repr=False)
    size: int


class EntryFormat(Protocol):
    """How a kind of destination has messages written, and what it takes."""

    @property
    def keeps_order(self) -> bool:
        """Whether the destination keeps messages of an ordering key in order."""
        ...

    def entry(self, message: OutboxMessage) -> Entry:
        """The message as it is sent; it has an id.

        Raises `InvalidValue` or `LimitExceeded` for what the destination would refuse.
        """
        ...


def check_size(message: OutboxMessage, size: int, allowed: int) -> None:
    """Raises `LimitExceeded` for a message of more bytes than allowed."""
    if size > allowed:
        where = f"{message.message_type} {message.message_id} for {message.destination}"
        raise LimitExceeded("message size", size, allowed, "bytes", where)
