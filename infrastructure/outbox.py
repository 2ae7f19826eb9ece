"""The outbox as both providers store it: messages, their keys, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Protocol, TypeVar

from attrs import evolve, frozen

from application.ports.ids import IdFactory
from application.ports.outbox import (
    MessageKey,
    OutboxMessage,
    StoredMessage,
)
from application.ports.relay_queue import Busy, KeyLease
from domain.errors import InvalidValue
from infrastructure.keys import can_be_key

ActionT_co = TypeVar("ActionT_co", covariant=True)

HEAD = "!head"
"""The id beside an ordering key's messages under which its head is, before all of them.

Stored: never change it.
"""

PAGE = 200
"""How much is asked for at once where it is not known how much is wanted."""

LONGEST_KEY = 1024
"""Bytes of an ordering key or a message id in UTF-8: as keys of an item or an index they fit."""

LONGEST_ERROR = 1000
"""Characters of a publisher's error that are kept."""

Check = Callable[[OutboxMessage], None]
"""Raises for a message that its destination would refuse."""


class Queue(Enum):
    """Where a message is that is not published. The values are stored: never change them."""

    PENDING = "pending"
    DEAD = "dead"


@frozen(kw_only=True)
class Outstanding:
    """What is known of a message in a queue without reading it."""

    key: MessageKey
    created_at: datetime
    retry_count: int


@frozen
class Published:
    """What cleaning up needs to know of a message that was published."""

    key: MessageKey
    at: datetime


class OutboxTable(Protocol[ActionT_co]):
    """Where messages and the heads of their ordering keys are.

    What changes a message is refused with `MessageNotFound` where there is none.
    """

    def put(self, message: OutboxMessage, commit_id: str) -> ActionT_co:
        """Adds a message as pending; refused with `MessageAlreadyAdded`."""
        ...

    def publish(self, key: MessageKey, at: datetime, expires: datetime) -> ActionT_co:
        """Marks it as published, to be removed some time after `expires`. The first time counts."""
        ...

    def fail(self, key: MessageKey, error: str, dead_at: datetime | None = None) -> ActionT_co:
        """Counts a failed attempt; with a moment it was the last one."""
        ...

    def revive(self, key: MessageKey) -> ActionT_co:
        """Makes a dead letter pending, as if just added; refused with `NotDeadLettered`."""
        ...

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime, expires: datetime
    ) -> KeyLease | Busy:
        """See `RelayQueue.take`. The head is removed some time after `expires`. One request."""
        ...

    def release(
        self, lease: KeyLease, *, next_attempt: datetime | None, expires: datetime
    ) -> ActionT_co:
        """Ends a lease, storing its `last_message_id` and `attempts`.

        Refused with `KeyTakenOver` where it is no longer the owner's.
        """
        ...

    def get_many(self, keys: Sequence[MessageKey]) -> list[StoredMessage]:
        """Those that exist, in no particular order (strongly consistent)."""
        ...

    def read(self, ordering_key: str, after: str = "", page: int = PAGE) -> Iterator[StoredMessage]:
        """The messages of an ordering key after an id, in order (strongly consistent), lazily.

        `page` is how many are asked for at once.
        """
        ...

    def outstanding(self, queue: Queue) -> Iterator[Outstanding]:
        """Everything in a queue, in no particular order, lazily. May lag."""
        ...

    def waiting(self) -> Iterator[Sequence[Outstanding]]:
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


def prepare(message: OutboxMessage, ids: IdFactory, check: Check) -> OutboxMessage:
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


def key_of(message: OutboxMessage) -> MessageKey:
    """Names a message that has an id."""
    return MessageKey(message.ordering_key, message.message_id or "")


def kept(error: str) -> str:
    """As much of an error as is kept, of characters that can be."""
    return error[:LONGEST_ERROR].encode("utf-8", "replace").decode()


def pending(messages: Iterable[StoredMessage], limit: int) -> list[StoredMessage]:
    """The first of these that are pending."""
    return list(islice((message for message in messages if message.is_pending), limit))


def _check_key(name: str, text: str) -> None:
    problem = key_problem(name, text)
    if problem is not None:
        raise InvalidValue(name, problem)


def key_problem(name: str, text: str) -> str | None:
    """Why a text cannot be a message's `ordering_key` or `message_id`; None where it can."""
    if not can_be_key(text, LONGEST_KEY):
        return f"must be 1 to {LONGEST_KEY} printable bytes"
    if name == "message_id" and text[0] <= HEAD[0]:
        return f"must not begin with {text[0]!r}"
    return None
