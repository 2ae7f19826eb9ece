"""What may go to a destination, and how messages are written for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from infrastructure.messaging.entries import EntryFormat
from infrastructure.messaging.event_format import EventFormat
from infrastructure.messaging.text_format import TextFormat
from infrastructure.settings.destination import Destination

_FORMATS: Final[Mapping[str, Callable[[str], EntryFormat]]] = {
    "sqs": lambda url: TextFormat("MessageBody", keeps_order=_is_fifo(url)),
    "sns": lambda arn: TextFormat("Message", keeps_order=_is_fifo(arn)),
    "eventbridge": EventFormat,
}


def format_of(destination: Destination) -> EntryFormat | None:
    """How messages are written for a destination; None where they stay what they are."""
    make = _FORMATS.get(destination.kind)
    return None if make is None else make(destination.address)


@frozen
class Destinations:
    """Every destination under the logical name that messages know it by."""

    by_name: Mapping[str, Destination]

    def check(self, message: OutboxMessage) -> None:
        """Raises `InvalidValue` or `LimitExceeded` for what the message's destination would refuse.

        One that is not known is an `InvalidValue`, too. The message has its id.
        """
        destination = self.by_name.get(message.destination)
        if destination is None:
            known = ", ".join(sorted(self.by_name)) or "none at all"
            raise InvalidValue("destination", f"{message.destination!r} is not among {known}")
        if (written := format_of(destination)) is not None:
            written.entry(message)


def _is_fifo(address: str) -> bool:
    return address.endswith(".fifo")
