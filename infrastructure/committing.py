"""How a unit of work commits: participants hand over actions, one transaction sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from attrs import frozen

from application.errors import UnitOfWorkMisused
from application.ports.event_store import EventMetadata
from application.ports.ids import IdFactory
from domain.errors import Conflict
from domain.events import DomainEvent

ActionT = TypeVar("ActionT")
ActionT_co = TypeVar("ActionT_co", covariant=True)


@frozen(kw_only=True)
class RecordedEvent:
    """An event of a commit: what happened to which aggregate, and the version it belongs to."""

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


class Participant(Protocol[ActionT_co]):
    """Whatever writes as part of a unit of work: repositories, streams, an outbox."""

    def is_changed(self) -> bool:
        """Whether something is staged."""
        ...

    def forgotten(self) -> Sequence[str]:
        """The ids of what was changed and not saved."""
        ...

    def begin(self) -> Sequence[RecordedEvent]:
        """Fixes what the next commit writes; its events, oldest first.

        Nothing may be staged until it ends.
        """
        ...

    def actions(self, commit: Commit) -> Sequence[ActionT_co]:
        """The actions of the commit that began, in order."""
        ...

    def committed(self) -> None:
        """The commit that began is known to have happened."""
        ...

    def abandoned(self) -> None:
        """The commit that began is known not to have happened, or no longer wanted."""
        ...

    def clear(self) -> None:
        """Forgets everything loaded and staged."""
        ...


class Transaction(Protocol):
    """The prepared write of one commit."""

    def commit(self) -> None:
        """Writes it. May be called again after any error: it is applied at most once."""
        ...


def commit_under_way() -> UnitOfWorkMisused:
    """The error of a participant that is to stage something while its commit is not settled."""
    return UnitOfWorkMisused(
        "a commit is under way: call commit() again to settle it, or rollback()"
    )


Begin = Callable[[str, Sequence[ActionT]], Transaction]
"""Prepares the transaction of a commit id and its actions; checks limits, sends nothing."""

Follow = Callable[[Commit], Sequence[ActionT]]
"""The actions that every commit has besides, for the events in it."""


@frozen
class _UnderWay(Generic[ActionT]):
    transaction: Transaction
    participants: tuple[Participant[ActionT], ...]

    def settle(self) -> None:
        self.transaction.commit()
        for participant in self.participants:
            participant.committed()


class BaseUnitOfWork(Generic[ActionT]):
    """Everything of the port `UnitOfWork` but the repositories, which enlist as participants."""

    def __init__(
        self, begin: Begin[ActionT], ids: IdFactory, follow: Follow[ActionT] = lambda _: ()
    ) -> None:
        self._begin = begin
        self._ids = ids
        self._follow = follow
        self._participants: list[Participant[ActionT]] = []
        self._under_way: _UnderWay[ActionT] | None = None

    def enlist(self, participant: Participant[ActionT]) -> None:
        """Makes a participant write with this unit of work."""
        self._participants.append(participant)

    def commit(self) -> None:
        """See the port."""
        if self._under_way is None:
            self._check_nothing_forgotten()
            self._under_way = self._prepare(tuple(self._participants))
        if self._under_way is None:
            return
        try:
            self._under_way.settle()
        except Conflict:
            self._abandon()
            raise
        self._under_way = None

    def commit_apart(self, participant: Participant[ActionT]) -> None:
        """Commits one participant at once, apart from what the others have staged."""
        under_way = self._prepare((participant,))
        if under_way is not None:
            under_way.settle()

    def rollback(self) -> None:
        """See the port."""
        self._under_way = None
        for participant in self._participants:
            participant.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        lost = exc_type is None and any(p.is_changed() or p.forgotten() for p in self._participants)
        self.rollback()
        if lost:
            raise UnitOfWorkMisused("changes were not committed: call commit(), or rollback()")

    def _prepare(self, participants: tuple[Participant[ActionT], ...]) -> _UnderWay[ActionT] | None:
        try:
            events = [event for participant in participants for event in participant.begin()]
            commit = Commit(self._ids.new_id(), tuple(events))
            actions = [a for participant in participants for a in participant.actions(commit)]
            actions += self._follow(commit)
            transaction = self._begin(commit.id, actions) if actions else None
        except BaseException:
            for participant in participants:
                participant.abandoned()
            raise
        if transaction is None:
            for participant in participants:
                participant.committed()
            return None
        return _UnderWay(transaction, participants)

    def _abandon(self) -> None:
        self._under_way = None
        for participant in self._participants:
            participant.abandoned()

    def _check_nothing_forgotten(self) -> None:
        forgotten = [id_ for participant in self._participants for id_ in participant.forgotten()]
        if forgotten:
            raise UnitOfWorkMisused(f"changed and not saved: {', '.join(forgotten)}")
