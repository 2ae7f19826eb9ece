"""Where messages go, as the settings say it, and what may go there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from infrastructure.messaging.entries import EntryFormat
from infrastructure.messaging.event_format import EventFormat
from infrastructure.messaging.text_format import TextFormat


@frozen
class _Kind:
    """What a destination of a kind has behind the colon, and how messages are written for it."""

    address: str
    reason: str
    format: Callable[[str], EntryFormat] | None = None


def _is_fifo(address: str) -> bool:
    return address.endswith(".fifo")


_KINDS: Final[Mapping[str, _Kind]] = {
    "log": _Kind("", "nothing follows log:"),
    "memory": _Kind("", "nothing follows memory:"),
    "sqs": _Kind(
        r"https?://[^\s/?#@]+(/[A-Za-z0-9_.-]+)*/[A-Za-z0-9_-]+(\.fifo)?",
        "behind sqs: comes the http:// or https:// URL of a queue",
        lambda url: TextFormat("MessageBody", keeps_order=_is_fifo(url)),
    ),
    "sns": _Kind(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\.fifo)?",
        "behind sns: comes the ARN of a topic",
        lambda arn: TextFormat("Message", keeps_order=_is_fifo(arn)),
    ),
    "eventbridge": _Kind(
        # `EventBusName` in the API reference of PutEvents, `Name` in that of CreateEventBus.
        r"(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._-]{1,256}",
        "behind eventbridge: comes the name or the ARN of an event bus",
        EventFormat,
    ),
}
_UNKNOWN = (
    "must be log:, memory:, sqs: and the URL of a queue, sns: and the ARN of a topic, "
    "or eventbridge: and the name or ARN of an event bus"
)


@frozen
class Destination:
    """One place that messages go to. Its address is that of a queue, topic or bus, or empty.

    Making one raises `InvalidValue` for an unknown kind, or an address that is none of its kind.
    """

    kind: str
    address: str = ""

    def __attrs_post_init__(self) -> None:
        kind = _KINDS.get(self.kind)
        if kind is None:
            raise InvalidValue("destination", _UNKNOWN)
        if not re.fullmatch(kind.address, self.address):
            raise InvalidValue("destination", kind.reason)

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Reads `kind:address`. Raises `InvalidValue`, whose reason does not quote the text."""
        kind, colon, address = text.partition(":")
        return cls(kind if colon else "", address)

    def __str__(self) -> str:
        return f"{self.kind}:{self.address}"

    @property
    def format(self) -> EntryFormat | None:
        """How messages are written for it; None where they stay what they are."""
        make = _KINDS[self.kind].format
        return None if make is None else make(self.address)

    def check(self, message: OutboxMessage) -> None:
        """Raises `InvalidValue` or `LimitExceeded` for a message that it would refuse.

        The message has its id.
        """
        if (written := self.format) is not None:
            written.entry(message)


@frozen
class Destinations:
    """Every destination under the logical name that messages know it by."""

    by_name: Mapping[str, Destination]

    def check(self, message: OutboxMessage) -> None:
        """Raises `InvalidValue` for an unknown destination, and what `Destination.check` raises."""
        destination = self.by_name.get(message.destination)
        if destination is None:
            known = ", ".join(sorted(self.by_name)) or "none at all"
            raise InvalidValue("destination", f"{message.destination!r} is not among {known}")
        destination.check(message)
