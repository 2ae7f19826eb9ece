"""The outbox as both providers store it: messages, their keys, and the table."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from itertools import islice
from typing import Protocol

import orjson
from attrs import evolve, frozen

from application.errors import LimitExceeded
from application.ports.ids import IdFactory
from application.ports.outbox import (
    MessageKey,
    OutboxMessage,
    StoredMessage,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import InvalidValue
from infrastructure.commit.participant import Action
from infrastructure.limits import MAX_ITEM, Record, can_be_key, record_size

OUTBOX = "outbox"
"""The logical name of the table."""

HEAD = "!head"
"""The id beside an ordering key's messages under which its head is, before all of them.

Stored: never change it.
"""

PAGE = 200
"""How much is asked for at once where it is not known how much is wanted."""

MAX_KEY = 1024
"""Bytes of an ordering key or a message id in UTF-8: as keys of an item or an index they fit."""

MAX_MESSAGE = MAX_ITEM - 5 * 1024
"""Bytes of a message's item: the rest is for the error and the timestamps that are stored later."""

MAX_ERROR = 1000
"""Characters of a publisher's error that are kept."""

MessageCheck = Callable[[OutboxMessage], None]
"""Raises for a message that its destination would refuse."""


class Queue(Enum):
    """Where a message is that is not published. The values are stored: never change them."""

    PENDING = "pending"
    DEAD = "dead"


@frozen(kw_only=True)
class QueueEntry:
    """What the index tells of a message that is pending or dead-lettered."""

    key: MessageKey
    created_at: datetime
    retry_count: int


@frozen
class Published:
    """What cleaning up needs to know of a message that was published."""

    key: MessageKey
    at: datetime


class OutboxTable(Protocol):
    """Where messages and the heads of their ordering keys are.

    What changes a message is refused with `MessageNotFound` where there is none.
    """

    def put(self, message: OutboxMessage, commit_id: str) -> Action:
        """Adds a message as pending; refused with `MessageAlreadyAdded`."""
        ...

    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> Action:
        """Marks it as published, to be removed some time after `expires`. The first time counts."""
        ...

    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> Action:
        """Counts a failed attempt; with a timestamp it was the last one."""
        ...

    def redrive(self, key: MessageKey) -> Action:
        """Makes a dead letter pending, as if just added; refused with `NotDeadLettered`."""
        ...

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        """See `RelayQueue.take`. The head is removed some time after `expires`. One request."""
        ...

    def release(
        self, lease: KeyLease, *, at: datetime, next_attempt: datetime | None, expires: datetime
    ) -> Action:
        """Ends a lease at the time `at`, storing its `last_message_id` and `attempts`.

        Refused with `LeaseLost` where it is no longer the owner's.
        """
        ...

    def free(self, ordering_key: str) -> Action:
        """Ends the lease of a key and its pause, whoever has them; refused with `KeyNotHeld`.

        What the holder acknowledges afterwards is refused.
        """
        ...

    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        """Those that exist, in no particular order (strongly consistent)."""
        ...

    def read(
        self, ordering_key: str, after: str = "", page: int | None = None
    ) -> Iterator[StoredMessage]:
        """The messages of an ordering key after an id, in order (strongly consistent), lazily.

        `page` is how many are asked for at once.
        """
        ...

    def entries(self, queue: Queue) -> Iterator[QueueEntry]:
        """Everything in a queue, in no particular order, lazily. May lag."""
        ...

    def pending_pages(self) -> Iterator[Sequence[QueueEntry]]:
        """Pending messages of every ordering key, at least one each, page by page. May lag.

        A page that is full is not followed by more of its last key: a key with a great many
        pending messages is seen by some of them.
        """
        ...

    def published(self) -> Iterator[Published]:
        """Everything that was published. Reads the whole table, lazily."""
        ...

    def delete(self, keys: Sequence[MessageKey]) -> None:
        """Removes messages."""
        ...


def prepare(message: OutboxMessage, ids: IdFactory, check: MessageCheck) -> OutboxMessage:
    """The message as it can be stored: checked, with an id.

    Raises `InvalidValue`, and what its destination's check raises.
    """
    if message.message_id is None:
        message = evolve(message, message_id=ids.new_id())
    _check_key("ordering_key", message.ordering_key)
    _check_key("message_id", message.message_id or "")
    if message.created_at.tzinfo is None:
        raise InvalidValue("created_at", "needs a time zone")
    check(message)
    return message


def record_of(
    message: OutboxMessage, commit_id: str, outstanding: str = f"{Queue.PENDING.value}#0"
) -> Record:
    """The attributes of a pending message, which has an id; `outstanding` is its key in the index.

    Names and formats are stored: never change them. Raises `InvalidValue` for headers that JSON
    cannot hold, `LimitExceeded`.
    """
    optional = {
        "aggregateId": message.aggregate_id,
        "aggregateType": message.aggregate_type,
        "correlationId": message.correlation_id,
        "causationId": message.causation_id,
    }
    record: Record = {
        "pk": message.ordering_key,
        "sk": message.message_id or "",
        "messageType": message.message_type,
        "destination": message.destination,
        "payload": b64encode(message.payload).decode("ascii"),
        "headers": _headers_text(message),
        **{name: text for name, text in optional.items() if text is not None},
        "createdAt": message.created_at.astimezone(UTC).isoformat(),
        "isPublished": False,
        "retryCount": 0,
        "outstanding": outstanding,
        "commitId": commit_id,
    }
    size = record_size(record)
    if size > MAX_MESSAGE:
        place = f"{message.message_id} of {message.ordering_key}"
        raise LimitExceeded("message size", size, MAX_MESSAGE, "bytes", place)
    return record


def _headers_text(message: OutboxMessage) -> str:
    try:
        return orjson.dumps(dict(message.headers), option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:
        raise InvalidValue("headers", f"cannot be stored as JSON: {error}") from error


def key_of(message: OutboxMessage) -> MessageKey:
    """Names a message that has an id."""
    return MessageKey(message.ordering_key, message.message_id or "")


def truncated(error: str) -> str:
    """As much of an error as is kept, of characters that can be."""
    return error[:MAX_ERROR].encode("utf-8", "replace").decode()


def first_pending(messages: Iterable[StoredMessage], limit: int) -> list[StoredMessage]:
    """The first of these that are pending."""
    return list(islice((message for message in messages if message.is_pending), limit))


def _check_key(name: str, text: str) -> None:
    problem = key_problem(name, text)
    if problem is not None:
        raise InvalidValue(name, problem)


def key_problem(name: str, text: str) -> str | None:
    """Why a text cannot be a message's `ordering_key` or `message_id`; None where it can."""
    if not can_be_key(text, MAX_KEY):
        return f"must be 1 to {MAX_KEY} printable bytes"
    if name == "message_id" and text[0] <= HEAD[0]:
        return f"must not begin with {text[0]!r}"
    return None
