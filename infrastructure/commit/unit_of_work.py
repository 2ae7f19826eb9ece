"""How a unit of work commits: participants hand over actions, one transaction sends them."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from attrs import frozen

from application.errors import Throttled, UnitOfWorkMisused
from application.ports.ids import IdFactory
from application.ports.transaction import Transaction
from domain.errors import Conflict
from infrastructure.commit.participant import (
    Commit,
    Follow,
    Overtaken,
    Participant,
    TransactionFactory,
)
from infrastructure.system.backoff import full_jitter

MAX_ATTEMPTS = 30
"""How often a commit is prepared where others overtake it."""

_PAUSE = 0.005
_MAX_PAUSE = 0.5


@frozen
class _UnderWay:
    """A commit that is not settled. Without actions it has no transaction."""

    transaction: Transaction | None
    participants: tuple[Participant, ...]

    def settle(self) -> None:
        if self.transaction is not None:
            self.transaction.commit()
        for participant in self.participants:
            participant.committed()


class BaseUnitOfWork:
    """Everything of the port `UnitOfWork` but the repositories, which enlist as participants."""

    def __init__(
        self,
        transaction: TransactionFactory,
        ids: IdFactory,
        follow: Follow = lambda _: (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transaction = transaction
        self._ids = ids
        self._follow = follow
        self._sleep = sleep
        self._participants: list[Participant] = []
        self._under_way: _UnderWay | None = None

    def enlist(self, participant: Participant, *, first: bool = False) -> None:
        """Makes a participant write with this unit of work, after the others or before them."""
        self._participants.insert(0 if first else len(self._participants), participant)

    def check_open(self) -> None:
        """Raises `UnitOfWorkMisused` while a commit is not settled: nothing may be staged."""
        if self._under_way is not None:
            raise UnitOfWorkMisused(
                "a commit is under way: call commit() again to settle it, or rollback()"
            )

    def commit(self) -> None:
        """See the port. A commit that others overtake to the last attempt is `Throttled`."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                self._settle()
            except Overtaken as overtaken:
                if attempt == MAX_ATTEMPTS:
                    raise Throttled(
                        operation="commit", attempts=attempt, reasons=(str(overtaken),)
                    ) from overtaken
                self._sleep(full_jitter(attempt, _PAUSE, _MAX_PAUSE))
            else:
                return

    def _settle(self) -> None:
        if self._under_way is None:
            self._check_nothing_forgotten()
            self._under_way = self._prepare()
        try:
            self._under_way.settle()
        except Conflict:
            self._under_way = None
            raise
        self._under_way = None

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

    def _prepare(self) -> _UnderWay:
        participants = tuple(self._participants)
        events = [event for participant in participants for event in participant.prepare()]
        commit = Commit(self._ids.new_id(), tuple(events))
        actions = [action for p in participants for action in p.actions(commit)]
        actions += self._follow(commit)
        transaction = self._transaction(commit.id, actions) if actions else None
        return _UnderWay(transaction, participants)

    def _check_nothing_forgotten(self) -> None:
        forgotten = [id_ for participant in self._participants for id_ in participant.forgotten()]
        if forgotten:
            raise UnitOfWorkMisused(f"changed and not saved: {', '.join(forgotten)}")
