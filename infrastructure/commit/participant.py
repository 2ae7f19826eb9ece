"""What writes as part of a unit of work, and what it hands over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen

from application.ports.event_store import EventMetadata
from application.ports.transaction import Transaction
from domain.errors import Conflict
from domain.events import DomainEvent


class Action:
    """One write of one item. Each provider has its own kind: its tables make it, it sends it."""

    __slots__ = ()


@frozen
class Overtaken(Conflict):
    """What a commit was prepared on has moved, maybe for no reason that matters: prepare it anew.

    Never leaves a unit of work.
    """

    what: str

    def __str__(self) -> str:
        return f"{self.what} has moved"


@frozen(kw_only=True)
class RecordedEvent:
    """An event of a commit: what happened to which aggregate, and the version it belongs to.

    For a tagged event that is its first tag, and the microsecond of its position.
    """

    event: DomainEvent
    aggregate_type: str
    aggregate_id: str
    version: int
    metadata: EventMetadata


@frozen
class Commit:
    """One atomic write: its id, and the events that the aggregates in it recorded, in order."""

    id: str
    events: tuple[RecordedEvent, ...]


class Participant(Protocol):
    """Whatever writes as part of a unit of work: repositories, streams, an outbox.

    A commit calls `prepare`, then `actions`, and `committed` once it is known to have happened. One
    that is refused ends without a call: the next one prepares anew. One that is refused with
    `Overtaken` is prepared anew at once.
    """

    def is_changed(self) -> bool:
        """Whether something is staged."""
        ...

    def forgotten(self) -> Sequence[str]:
        """The ids of what was changed and not saved."""
        ...

    def prepare(self) -> Sequence[RecordedEvent]:
        """Fixes what the next commit writes; its events, oldest first."""
        ...

    def actions(self, commit: Commit) -> Sequence[Action]:
        """The actions of what was prepared, in order."""
        ...

    def committed(self) -> None:
        """What was prepared is stored. Calling it again changes nothing."""
        ...

    def clear(self) -> None:
        """Forgets everything loaded and staged."""
        ...


TransactionFactory = Callable[[str, Sequence[Action]], Transaction]
"""Prepares the transaction of a commit id and its actions; checks limits, sends nothing."""

Follow = Callable[[Commit], Sequence[Action]]
"""The actions that every commit has besides, for the events in it."""
