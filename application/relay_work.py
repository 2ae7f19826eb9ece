"""What a relay works at: keys, and a batch of messages of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from attrs import define, field

from application.ports.outbox import MessageKey, StoredMessage
from application.ports.relay_queue import FailedMessage, KeyLease, PendingKey


@define
class Batch:
    """Messages of one key that a relay publishes, from taking its lease to giving it back."""

    lease: KeyLease
    seen: frozenset[str]
    messages: deque[StoredMessage]
    more: list[StoredMessage]
    is_cut: bool
    published: list[MessageKey] = field(factory=list)
    failed: FailedMessage | None = None
    outage: str | None = None
    is_over: bool = False

    @property
    def next(self) -> StoredMessage:
        """The message to publish. There is one unless the batch is over."""
        return self.messages[0]

    @property
    def left(self) -> frozenset[str]:
        """The messages that were seen, or read, and not published here."""
        read = {message.key.message_id for message in (*self.messages, *self.more)}
        return (self.seen | read) - {key.message_id for key in self.published}

    def sent(self) -> None:
        """The next message is published."""
        self.published.append(self.messages.popleft().key)
        self.is_over = not self.messages

    def not_sent(self, error: str, attempts: int) -> None:
        """The next message failed; after so many attempts it is dead. Nothing may overtake it."""
        message = self.next
        self.failed = FailedMessage(
            key=message.key,
            error=error,
            is_dead=message.retry_count + 1 >= attempts,
            correlation_id=message.message.correlation_id,
        )
        self.stop()

    def put_off(self, outage: str) -> None:
        """The destination of the next message takes nothing."""
        self.outage = outage
        self.stop()

    def stop(self) -> None:
        """Nothing more is published of it."""
        self.is_cut = self.is_over = True


class Keys:
    """Keys to work at: those given, each once, then those that have more.

    So no key is worked at twice at a time, which its lease, being this relay's, would not stop.
    """

    def __init__(self, pending: Iterable[PendingKey]) -> None:
        self._given = iter(pending)
        self._seen: set[str] = set()
        self._again: deque[PendingKey] = deque()

    def next(self) -> PendingKey | None:
        """The key to work at next, if there is one."""
        for pending in self._given:
            if pending.ordering_key not in self._seen:
                self._seen.add(pending.ordering_key)
                return pending
        return self._again.popleft() if self._again else None

    def again(self, pending: PendingKey) -> None:
        """Has a key worked at again, after the others."""
        self._again.append(pending)
