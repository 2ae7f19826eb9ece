"""The grammar of destinations: `kind:address`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from domain.errors import InvalidValue

DESTINATION = "_destination"
"""What the settings end with that name destinations: `users_destination`."""

DEFAULT_DESTINATION = "log:"


@frozen
class _Address:
    pattern: str
    reason: str


_ADDRESSES: Final[Mapping[str, _Address]] = {
    "log": _Address("", "nothing follows log:"),
    "memory": _Address("", "nothing follows memory:"),
    "sqs": _Address(
        r"https?://[^\s/?#@\[\]]+(/[A-Za-z0-9_.-]+)*/[A-Za-z0-9_-]+(\.fifo)?",
        "behind sqs: comes the http:// or https:// URL of a queue",
    ),
    "sns": _Address(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\.fifo)?",
        "behind sns: comes the ARN of a topic",
    ),
    "eventbridge": _Address(
        # `EventBusName` in the API reference of PutEvents, `Name` in that of CreateEventBus.
        r"(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._-]{1,256}",
        "behind eventbridge: comes the name or the ARN of an event bus",
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
        address = _ADDRESSES.get(self.kind)
        if address is None:
            raise InvalidValue("destination", _UNKNOWN)
        if not re.fullmatch(address.pattern, self.address):
            raise InvalidValue("destination", address.reason)

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Reads `kind:address`. Raises `InvalidValue`, whose reason does not quote the text."""
        kind, colon, address = text.partition(":")
        return cls(kind if colon else "", address)

    def __str__(self) -> str:
        return f"{self.kind}:{self.address}"
