"""What a relay works through: keys with pending messages, one relay a key at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from application.ports.leases import Lease
from application.ports.outbox import MessageKey, StoredMessage
from application.ports.transaction import Transaction


@frozen
class PendingKey:
    """An ordering key with pending messages, and those by which that was seen."""

    ordering_key: str
    message_ids: frozenset[str]


@frozen(kw_only=True)
class KeyLease(Lease):
    """A relay's hold on the ordering key `name`.

    `last_message_id` is the last message that was dealt with in order, `attempts` how often
    publishing failed since one was.
    """

    last_message_id: str = ""
    attempts: int = 0


@frozen
class Busy:
    """The key failed lately: there is no use before `until`.

    Or another relay holds it until then, where it `is_held`: it may be free at any moment.
    """

    until: datetime
    is_held: bool = field(default=False, eq=False)


@frozen(kw_only=True)
class FailedMessage:
    """A message that was not published; `is_dead` where that was its last attempt."""

    key: MessageKey
    error: str
    is_dead: bool
    correlation_id: str | None = None


@frozen(kw_only=True)
class Acknowledgement:
    """What came of a batch of one key's messages, at the time `at`.

    The lease ends with it. What is published comes before what failed. After a failure that is
    not the last one, nobody tries the key again before `next_attempt`.
    """

    lease: KeyLease
    at: datetime
    published: Sequence[MessageKey] = ()
    failed: FailedMessage | None = None
    next_attempt: datetime | None = None


class RelayQueue(Protocol):
    """Implemented by the outbox of each provider."""

    def pending(self) -> Iterator[PendingKey]:
        """Keys with pending messages, in no particular order. May lag: a key can be missing."""
        ...

    def take(
        self, ordering_key: str, owner: str, now: datetime, until: datetime
    ) -> KeyLease | Busy:
        """Takes the lease of a key if it is free, or ended, or the owner's and ends earlier.

        Every lease has a higher token than the one before it. Taking one again until the same
        timestamp gives the same lease: a request may be sent twice. A lease or a pause is void that
        was written by a clock more than `MAX_CLOCK_DIFFERENCE` ahead of `now`.
        """
        ...

    def read(self, lease: KeyLease, seen: Collection[str], limit: int) -> list[StoredMessage]:
        """The next pending messages of the key, in order (strongly consistent).

        First those among `seen` that come before the last message dealt with: dead letters sent
        again, and late ones. Raises `UnreadableMessage`.
        """
        ...

    def acknowledge(self, acknowledgement: Acknowledgement) -> Transaction:
        """Prepares the write that stores all of this, or nothing.

        Committing it raises `LeaseLost` where the lease is no longer the owner's, `MessageNotFound`
        where a message is gone.
        """
        ...
