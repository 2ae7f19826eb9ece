"""Sending messages to a service of AWS, several with one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import define, field, frozen

from application.errors import LimitExceeded
from application.ports.outbox import OutboxMessage
from application.ports.publisher import NOT_SENT, Outcome
from domain.errors import InvalidValue
from infrastructure.dynamodb.errors import SDK_ERRORS
from infrastructure.messaging.entries import Entry, EntryFormat
from infrastructure.messaging.failures import failure

MOST_MESSAGES = 10
"""Entries of one request, as all three services limit them."""


class Sender(Protocol):
    """One request to a service."""

    @property
    def most_bytes(self) -> int:
        """The size of all entries of a request together. Any one message fits in."""
        ...

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        """Sends them. What went wrong with each, in this order, None where it was accepted.

        Raises what the SDK raises where the whole request fails.
        """
        ...


@frozen(kw_only=True)
class BatchPublisher:
    """Implements the port `Publisher`.

    Where the destination keeps order, a request has one message of an ordering key: the service
    accepts entries one by one, so that the second of three may fail, and the third be ahead of it.

    `timeout` is what the SDK's own timeouts add up to. They bound each wait for the network, so an
    answer that trickles in takes longer.
    """

    format: EntryFormat
    sender: Sender
    timeout: float
    most_messages: int = MOST_MESSAGES

    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        """See the port. What the destination refuses is not sent, and went wrong."""
        batch = self._batch(messages)
        sent = self._send(list(batch.entries.values()))
        known = {**batch.refused, **dict(zip(batch.entries, sent, strict=True))}
        return [known.get(place, NOT_SENT) for place in range(len(messages))]

    def _batch(self, messages: Sequence[OutboxMessage]) -> _Batch:
        batch = _Batch(self.most_messages, self.sender.most_bytes)
        keys = set()
        for place, message in enumerate(messages):
            if self.format.keeps_order and message.ordering_key in keys:
                continue
            keys.add(message.ordering_key)
            try:
                entry = self.format.entry(message)
            except (InvalidValue, LimitExceeded) as refusal:
                batch.refused[place] = str(refusal)
                continue
            if not batch.take(place, entry):
                break
        return batch

    def _send(self, entries: Sequence[Entry]) -> Sequence[str | None]:
        if not entries:
            return []
        try:
            return self.sender.send([entry.request for entry in entries])
        except SDK_ERRORS as error:
            return [failure(error)] * len(entries)


@define
class _Batch:
    """What goes into one request, by its place among the messages given."""

    most_messages: int
    room: int
    entries: dict[int, Entry] = field(factory=dict)
    refused: dict[int, str] = field(factory=dict)

    def take(self, place: int, entry: Entry) -> bool:
        """Puts an entry in, if it fits."""
        if len(self.entries) == self.most_messages or entry.size > self.room:
            return False
        self.entries[place] = entry
        self.room -= entry.size
        return True
