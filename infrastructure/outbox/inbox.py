"""The inbox on either provider: messages remembered in the transaction of their effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.inbox import InboxWriter, Receipt, RepeatableRequest
from domain.errors import InvalidValue
from infrastructure.commit.participant import Action
from infrastructure.commit.staged_items import StagedItems
from infrastructure.limits import can_be_key

INBOX = "inbox"
"""The logical name of the table."""

MAX_ID = 1024
"""Bytes of a message id, as of one of the outbox."""

MAX_CONSUMER = 1023
"""Bytes of a consumer's name: together with a message id it fits a key."""

_SEPARATOR = "#"

T = TypeVar("T")


@frozen(kw_only=True)
class ProcessedMessage:
    """A message that a consumer has processed. It is kept until some time after `expires`.

    One with a `receipt` is a client's request: once it has expired it counts as removed.
    """

    consumer: str
    message_id: str
    at: datetime
    expires: datetime
    receipt: Receipt | None = None

    @property
    def key(self) -> str:
        """See `processed_message_key`."""
        return processed_message_key(self.consumer, self.message_id)

    def is_over(self, at: datetime) -> bool:
        """Whether it is a request that has expired, in the whole seconds that are stored."""
        return self.receipt is not None and int(self.expires.timestamp()) <= int(at.timestamp())


class InboxTable(Protocol):
    """Where processed messages are."""

    def has(self, key: str) -> bool:
        """Whether there is such a message (strongly consistent). One request."""
        ...

    def receipt(self, key: str, at: datetime) -> Receipt | None:
        """The receipt under this key, unless it is over (strongly consistent). One request."""
        ...

    def put(self, processed: ProcessedMessage, commit_id: str) -> Action:
        """Adds one; refused with `MessageAlreadyHandled` where it is there, and not over."""
        ...


@frozen
class InboxPolicy:
    """How long processed messages are remembered, and the receipts of clients' requests kept.

    The first must be longer than any message can be delivered again.
    """

    messages: timedelta = timedelta(days=30)
    receipts: timedelta = timedelta(days=1)


@frozen
class _Staged:
    """What is stored by the next commit; what is kept of a request is made only then."""

    processed: ProcessedMessage
    receipt: Callable[[], Receipt | None]


class AsCommitted(Protocol):
    """Gives an aggregate as the commit that is prepared stores it; anything else as it is."""

    def __call__(self, result: T, /) -> T:
        """See above."""
        ...


class InboxRecorder(StagedItems[_Staged], InboxWriter):
    """A participant of a unit of work."""

    def __init__(
        self,
        table: InboxTable,
        policy: InboxPolicy,
        check_open: Callable[[], None],
        as_committed: AsCommitted,
    ) -> None:
        super().__init__(self._put_staged, check_open)
        self._table = table
        self._policy = policy
        self._as_committed = as_committed

    @override
    def knows(self, consumer: str, message_id: str) -> bool:
        return self._table.has(processed_message_key(consumer, message_id))

    @override
    def remember(self, consumer: str, message_id: str, at: datetime) -> None:
        self._stage(consumer, message_id, at, self._policy.messages, lambda: None)

    @override
    def receipt(self, request: RepeatableRequest) -> Receipt | None:
        key = processed_message_key(request.client, request.key)
        return self._table.receipt(key, request.at)

    @override
    def keep(self, request: RepeatableRequest, result: T, answer: Callable[[T], bytes]) -> None:
        def receipt() -> Receipt:
            committed = self._as_committed(result)
            return Receipt(fingerprint=request.fingerprint, answer=answer(committed))

        self._stage(request.client, request.key, request.at, self._policy.receipts, receipt)

    def _stage(
        self,
        consumer: str,
        message_id: str,
        at: datetime,
        keep: timedelta,
        receipt: Callable[[], Receipt | None],
    ) -> None:
        if at.tzinfo is None:
            raise InvalidValue("at", "needs a time zone")
        processed = ProcessedMessage(
            consumer=consumer, message_id=message_id, at=at, expires=at + keep
        )
        self.stage(_Staged(processed, receipt), processed.key)

    def _put_staged(self, staged: _Staged, commit_id: str) -> Action:
        receipt = staged.receipt()
        return self._table.put(evolve(staged.processed, receipt=receipt), commit_id)


def processed_message_key(consumer: str, message_id: str) -> str:
    """The key of a processed message: `mailer#018f…`. Stored: never change it.

    Raises `InvalidValue`.
    """
    if _SEPARATOR in consumer:
        raise InvalidValue("consumer", f"must not contain {_SEPARATOR!r}")
    _check("consumer", consumer, MAX_CONSUMER)
    _check("message_id", message_id, MAX_ID)
    return f"{consumer}{_SEPARATOR}{message_id}"


def _check(name: str, text: str, max_bytes: int) -> None:
    if not can_be_key(text, max_bytes):
        raise InvalidValue(name, f"must be 1 to {max_bytes} printable bytes")
