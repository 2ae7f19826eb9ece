"""The outbox: messages that are stored with what they tell of, and published afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from attrs import field, frozen

from domain.errors import Conflict, DynastrataError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@frozen
class MessageAlreadyAdded(Conflict):
    """The outbox has a message of this id under this ordering key."""

    ordering_key: str
    message_id: str

    def __str__(self) -> str:
        return f"message {self.message_id} of {self.ordering_key} is in the outbox already"


@frozen
class MessageNotFound(Conflict):
    """The outbox has no such message: never added, or removed some time after it was published."""

    ordering_key: str
    message_id: str

    def __str__(self) -> str:
        return f"the outbox has no message {self.message_id} of {self.ordering_key}"


@frozen
class KeyNotHeld(Conflict):
    """No relay holds this ordering key, and it does not rest after a failure.

    Where it is not `is_known`, no relay has worked at it lately either.
    """

    ordering_key: str
    is_known: bool

    def __str__(self) -> str:
        if self.is_known:
            return f"the key {self.ordering_key} is free: no relay holds it, and it does not rest"
        return f"there is no key {self.ordering_key} at which a relay has worked lately"


@frozen
class UnreadableMessage(DynastrataError):
    """What is stored is no message that this code can read. `problem` says why."""

    ordering_key: str
    message_id: str
    problem: str

    def __str__(self) -> str:
        return f"message {self.message_id} of {self.ordering_key} is unreadable: {self.problem}"


@frozen
class NotDeadLettered(Conflict):
    """The message was not given up: it is published, or pending anyway."""

    ordering_key: str
    message_id: str

    def __str__(self) -> str:
        return f"message {self.message_id} of {self.ordering_key} is not dead-lettered"


@frozen(kw_only=True)
class OutboxMessage:
    """A message for the world outside. `payload` is what its receivers get, as bytes.

    Messages of one `ordering_key` are published in the order of their ids. `message_id` is unique
    in the whole outbox: receivers tell a repeated message by it, and without one the outbox makes
    an id that sorts by time. `destination` is a logical name, which the settings resolve.
    """

    message_type: str
    destination: str
    ordering_key: str
    payload: bytes
    created_at: datetime
    message_id: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    aggregate_id: str | None = None
    aggregate_type: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


@frozen
class MessageKey:
    """Names one message of the outbox."""

    ordering_key: str
    message_id: str

    def __str__(self) -> str:
        return f"{self.ordering_key}/{self.message_id}"


@frozen(kw_only=True)
class StoredMessage:
    """A message as the outbox has it: pending, published, or dead-lettered.

    `message` has its id. `retry_count` is how often publishing it failed since it was added or
    sent again, `last_error` what failed last.
    """

    message: OutboxMessage
    published_at: datetime | None = None
    dead_lettered_at: datetime | None = None
    retry_count: int = 0
    last_error: str | None = None

    @property
    def key(self) -> MessageKey:
        """Names it."""
        return MessageKey(self.message.ordering_key, self.message.message_id or "")

    @property
    def is_pending(self) -> bool:
        """Whether it is neither published nor dead-lettered."""
        return self.published_at is None and self.dead_lettered_at is None


@frozen(kw_only=True)
class Metered(Generic[T_co]):
    """A result, and what it took: requests, read units and write units (none in memory)."""

    value: T_co
    requests: int = 0
    read_units: float = 0.0
    write_units: float = 0.0


@frozen(kw_only=True)
class OutboxStatistics:
    """The outbox at about this time.

    `attempts` counts the failed attempts of what is pending. `published` is known only where it
    was asked for.
    """

    pending: int
    dead_lettered: int
    oldest_pending: datetime | None
    attempts: int
    published: int | None = None

    def oldest_age(self, now: datetime) -> timedelta:
        """The age of the oldest pending message; zero where there is none."""
        return timedelta() if self.oldest_pending is None else now - self.oldest_pending


class OutboxWriter(Protocol):
    """Adds messages as part of a unit of work."""

    def add(self, message: OutboxMessage) -> None:
        """Stages a message, which the commit stores with everything else or not at all.

        Raises what `Outbox.add` raises. An id that is already there refuses the commit with
        `MessageAlreadyAdded`.
        """
        ...


class Outbox(Protocol):
    """Messages by themselves, for those who look after them. Every result tells what it took.

    Marking what does not exist raises `MessageNotFound`.
    """

    def add(self, message: OutboxMessage) -> Metered[MessageKey]:
        """Stores a message; one whose id is already there counts as added.

        Raises `InvalidValue` or `LimitExceeded` for what its destination would refuse.
        """
        ...

    def add_many(self, messages: Iterable[OutboxMessage]) -> Metered[list[MessageKey]]:
        """Stores messages in transactions of at most 100, in this order. All are checked first."""
        ...

    def get(self, key: MessageKey) -> Metered[StoredMessage]:
        """One message (strongly consistent). Raises `MessageNotFound`, `UnreadableMessage`."""
        ...

    def get_pending(self, ordering_key: str, limit: int) -> Metered[list[StoredMessage]]:
        """The first pending messages of an ordering key, in order (strongly consistent)."""
        ...

    def mark_as_published(self, key: MessageKey) -> Metered[None]:
        """Says that a message was published. The first time counts."""
        ...

    def mark_many_as_published(self, keys: Iterable[MessageKey]) -> Metered[None]:
        """The same for many, in transactions of at most 100."""
        ...

    def increment_retry(self, key: MessageKey, error: str) -> Metered[None]:
        """Counts a failed attempt to publish a message, and keeps the error (its beginning)."""
        ...

    def retry(self, key: MessageKey) -> Metered[None]:
        """Makes a dead-lettered message pending again: it comes out of order.

        Raises `NotDeadLettered` for one that is not dead-lettered.
        """
        ...

    def release(self, ordering_key: str) -> Metered[None]:
        """Frees an ordering key: ends the lease of a relay on it, and its pause after a failure.

        A relay that is at work on the key goes on sending what it has begun, and cannot store that
        it did: these messages are repeated. Raises `KeyNotHeld`.
        """
        ...

    def dead_letters(self, limit: int) -> Metered[list[StoredMessage]]:
        """Some of the dead-lettered messages. May lag behind."""
        ...

    def cleanup(self, older_than: datetime) -> Metered[int]:
        """Removes what was published before this time, and tells how many. Reads everything."""
        ...

    def statistics(self, *, count_published: bool = False) -> Metered[OutboxStatistics]:
        """Counts what is pending and dead-lettered, in proportion to it. May lag behind.

        Counting what is published reads everything.
        """
        ...
