"""Sending messages to a service of AWS, several with one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import define, field, frozen
from typing_extensions import override

from application.errors import LimitExceeded
from application.ports.outbox import OutboxMessage
from application.ports.publisher import Failed, NotSent, Outcome, Publisher
from domain.errors import InvalidValue
from infrastructure.messaging.entries import Entry, EntryFormat

MAX_MESSAGES = 10
"""Entries of one request, as all three services limit them."""


class Sender(Protocol):
    """One request to a service."""

    @property
    def max_bytes(self) -> int:
        """The size of all entries of a request together. Any one message fits in."""
        ...

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
        """Sends them. What became of each, in this order; all failed where the request did."""
        ...


@frozen(kw_only=True)
class BatchPublisher(Publisher):
    """Sends several messages with one request.

    Where the destination keeps order, a request has one message of an ordering key: the service
    accepts entries one by one, so that the second of three may fail, and the third be ahead of it.

    `timeout` is what the SDK's own timeouts add up to. They bound each wait for the network, so an
    answer that trickles in takes longer.
    """

    format: EntryFormat
    sender: Sender
    timeout: float
    max_messages: int = MAX_MESSAGES
    is_available: bool = field(default=True, init=False)

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """See the port. What the destination refuses is not sent, and went wrong."""
        batch = self._batch(messages)
        requests = [entry.request for entry in batch.entries.values()]
        sent = self.sender.send(requests) if requests else []
        known = {**batch.refused, **dict(zip(batch.entries, sent, strict=True))}
        return [known.get(place, NotSent()) for place in range(len(messages))]

    def _batch(self, messages: Sequence[OutboxMessage]) -> _Batch:
        batch = _Batch(self.max_messages, self.sender.max_bytes)
        keys = set()
        for place, message in enumerate(messages):
            if self.format.keeps_order and message.ordering_key in keys:
                continue
            keys.add(message.ordering_key)
            try:
                entry = self.format.entry(message)
            except (InvalidValue, LimitExceeded) as refusal:
                batch.refused[place] = Failed(str(refusal))
                continue
            if not batch.take(place, entry):
                break
        return batch


@define
class _Batch:
    """What goes into one request, by its place among the messages given."""

    max_messages: int
    room: int
    entries: dict[int, Entry] = field(factory=dict)
    refused: dict[int, Outcome] = field(factory=dict)

    def take(self, place: int, entry: Entry) -> bool:
        """Puts an entry in, if it fits."""
        if len(self.entries) == self.max_messages or entry.size > self.room:
            return False
        self.entries[place] = entry
        self.room -= entry.size
        return True
