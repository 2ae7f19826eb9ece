"""The repository of any aggregate, over a table of either provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

from application.acting import current_metadata
from domain.aggregate import Aggregate
from domain.errors import DynastrataError, InvalidValue
from domain.repository import Page, SaveOutcome
from infrastructure.aggregates import AggregateType, Unique
from infrastructure.committing import BaseUnitOfWork, Commit, RecordedEvent, Transaction
from infrastructure.cursors import Cursors, Position
from infrastructure.inbox import InboxTable
from infrastructure.outbox import OutboxTable
from infrastructure.streams import SnapshotTable, StreamTable
from infrastructure.tracking import Change, Stored, Tracker

A = TypeVar("A", bound=Aggregate)
ActionT = TypeVar("ActionT")

CLAIM_READS = 3
"""How often a lookup follows a claim that was moved while it looked."""


@frozen
class Planned(Generic[ActionT]):
    """The actions that write one change, and what the table keeps beside the state afterwards."""

    actions: tuple[ActionT, ...]
    note: Any = None


class TrackedTable(Protocol[ActionT]):
    """Where the aggregates of one type are stored. Reads are strongly consistent."""

    def read(self, aggregate_id: str) -> Stored | None:
        """The aggregate as last committed."""
        ...

    def plan(self, change: Change[Any], commit: Commit) -> Planned[ActionT]:
        """How to write this change: refused unless its expected version is what is stored."""
        ...

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """These changes are committed: the moment for what follows and may fail. Never raises."""
        ...


class AggregateTable(TrackedTable[ActionT], Protocol[ActionT]):
    """Where a state-stored aggregate type and its claims are: can be looked up and listed too."""

    @property
    def name(self) -> str:
        """The table's name, different for every place where such a table may be."""
        ...

    @property
    def shards(self) -> int:
        """Over how many keys the listing is spread."""
        ...

    def read_many(self, aggregate_ids: Sequence[str]) -> list[Stored]:
        """Those that exist, in no particular order. The ids differ from each other."""
        ...

    def holder(self, claim_key: str) -> str | None:
        """The id of the aggregate that holds this claim."""
        ...

    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        """Up to `limit` ids greater than this one, ascending. May lag behind commits."""
        ...


class Provider(Protocol[ActionT]):
    """What a unit of work needs from a provider."""

    def table(self, aggregate_type: AggregateType[Any]) -> AggregateTable[ActionT]:
        """Where this aggregate type is stored."""
        ...

    def events(self) -> StreamTable[ActionT]:
        """Where the streams of events are."""
        ...

    def snapshots(self) -> SnapshotTable:
        """Where snapshots of streams are."""
        ...

    def outbox(self) -> OutboxTable[ActionT]:
        """Where messages are that wait to be published."""
        ...

    def inbox(self) -> InboxTable[ActionT]:
        """Where it is remembered which messages were handled."""
        ...

    def begin(self, commit_id: str, actions: Sequence[ActionT]) -> Transaction:
        """Prepares the transaction of a commit; checks limits, sends nothing."""
        ...


class TrackedRepository(Generic[A, ActionT]):
    """Loads, adds and saves the aggregates of one type, over any table of it."""

    def __init__(
        self,
        unit: BaseUnitOfWork[ActionT],
        aggregate_type: AggregateType[A],
        table: TrackedTable[ActionT],
    ) -> None:
        self._type = aggregate_type
        self._tracker = Tracker(aggregate_type)
        self._read = table.read
        unit.enlist(_Writer(aggregate_type, self._tracker, table))

    def get(self, aggregate_id: str, /) -> A:
        """See `Repository`. One request, none if this unit of work has it already."""
        known = self._tracker.find(aggregate_id)
        if known is not None:
            return known
        stored = self._read(aggregate_id) if self._type.is_id(aggregate_id) else None
        if stored is None:
            raise self._type.not_found(aggregate_id)
        return self._tracker.loaded(stored)

    def add(self, aggregate: A, /) -> None:
        """See `Repository`."""
        self._tracker.add(aggregate)

    def save(self, aggregate: A, /) -> None:
        """See `Repository`."""
        self._tracker.save(aggregate)


class StateRepository(TrackedRepository[A, ActionT]):
    """Implements `Repository` for state-stored types, with batches, lookups and listing."""

    def __init__(
        self,
        unit: BaseUnitOfWork[ActionT],
        aggregate_type: AggregateType[A],
        table: AggregateTable[ActionT],
        cursors: Cursors,
    ) -> None:
        super().__init__(unit, aggregate_type, table)
        self._unit = unit
        self._table = table
        self._cursors = cursors

    def remove(self, aggregate: A, /) -> None:
        """See `Repository`."""
        self._tracker.remove(aggregate)

    def get_many(self, aggregate_ids: Iterable[str]) -> list[A]:
        """Those that exist, in the order asked for, each once."""
        wanted = [i for i in dict.fromkeys(aggregate_ids) if self._type.is_id(i)]
        unread = [i for i in wanted if not self._tracker.knows(i)]
        for stored in self._table.read_many(unread):
            self._tracker.loaded(stored)
        return self._tracker.present(wanted)

    def save_many(self, aggregates: Sequence[A]) -> list[SaveOutcome[A]]:
        """Each in a commit of its own; see `UserRepository.save_many`."""
        self._tracker.check_saveable(aggregates)
        return [SaveOutcome(aggregate, self._save_apart(aggregate)) for aggregate in aggregates]

    def get_by(self, unique: Unique[A], value: str) -> A:
        """The aggregate that holds a unique value now. Raises its `NotFound`. Two requests.

        One that this unit of work has loaded is taken as it is here, be it stale.
        """
        for _ in range(CLAIM_READS):
            holder = self._table.holder(unique.key(value))
            if holder is None:
                break
            found = self.get_many([holder])
            if found and unique.value_of(found[0]) == value:
                return found[0]
        raise self._type.not_found(value)

    def page(self, size: int, cursor: str | None = None) -> Page[A]:
        """See `UserRepository.page`."""
        if size < 1:
            raise InvalidValue("size", "must be at least 1")
        position = self._cursors.read(self._table.name, cursor)
        shards = max(position.shards, self._table.shards)
        after, found = position.after, list[A]()
        while True:
            wanted = size - len(found)
            ids = self._table.ids_after(after, wanted + 1, shards)
            found += self.get_many(ids[:wanted])
            if len(ids) <= wanted:
                return Page(tuple(found), None)
            after = ids[wanted - 1]
            if len(found) == size:
                following = self._cursors.issue(self._table.name, Position(after, shards))
                return Page(tuple(found), following)

    def _save_apart(self, aggregate: A) -> DynastrataError | None:
        alone = self._tracker.split(aggregate)
        try:
            self._unit.commit_apart(_Writer(self._type, alone, self._table))
        except DynastrataError as error:
            # Forgotten from here on: what is stored is to be loaded anew.
            return error
        except BaseException:
            self._tracker.join(alone)
            raise
        self._tracker.join(alone)
        return None


class _Writer(Generic[A, ActionT]):
    """What a tracker has staged, as a participant of a unit of work."""

    def __init__(
        self, aggregate_type: AggregateType[A], tracker: Tracker[A], table: TrackedTable[ActionT]
    ) -> None:
        self._type = aggregate_type
        self._tracker = tracker
        self._table = table
        self._changes: tuple[Change[A], ...] = ()
        self._notes: dict[str, Any] = {}

    def is_changed(self) -> bool:
        return bool(self._tracker.changes())

    def forgotten(self) -> Sequence[str]:
        return self._tracker.forgotten()

    def begin(self) -> Sequence[RecordedEvent]:
        self._changes = self._tracker.begin()
        return [event for change in self._changes for event in self._recorded(change)]

    def actions(self, commit: Commit) -> Sequence[ActionT]:
        planned = {c.aggregate.id: self._table.plan(c, commit) for c in self._changes}
        self._notes = {id_: plan.note for id_, plan in planned.items()}
        return [action for plan in planned.values() for action in plan.actions]

    def committed(self) -> None:
        self._tracker.committed(self._notes)
        self._table.committed(self._changes)

    def abandoned(self) -> None:
        self._tracker.abandoned()

    def clear(self) -> None:
        self._tracker.clear()

    def _recorded(self, change: Change[A]) -> Iterator[RecordedEvent]:
        versions = self._type.versions(change.expected, change.events)
        for event, version in zip(change.events, versions, strict=True):
            yield RecordedEvent(
                event=event,
                aggregate_type=self._type.name,
                aggregate_id=change.aggregate.id,
                version=version,
                metadata=current_metadata(),
            )
