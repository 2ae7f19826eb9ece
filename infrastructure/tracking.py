"""What one unit of work loaded, added, saved and removed of one aggregate type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

from attrs import define, evolve, field, frozen

from application.errors import UnitOfWorkMisused
from domain.aggregate import Aggregate
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.aggregates import AggregateType, State, Unique
from infrastructure.committing import commit_under_way

A = TypeVar("A", bound=Aggregate)


class Intent(Enum):
    """What the commit is to do with a tracked aggregate."""

    KEEP = "keep"
    ADD = "add"
    SAVE = "save"
    REMOVE = "remove"


@frozen
class Stored:
    """An aggregate as it was read. `note` is what the adapter keeps beside the state."""

    state: State
    note: Any = None


@define
class _Tracked(Generic[A]):
    aggregate: A
    intent: Intent
    stored: Stored | None
    claimed: dict[str, tuple[Unique[A], str]] = field(factory=dict)


@frozen
class Change(Generic[A]):
    """One aggregate to write: `expected` is the version it follows, `version` the new one.

    `events` are those that the aggregate recorded, oldest first. `taken` are the claims it needs
    and does not hold yet, `freed` those it gives up, by key.
    `handed_over` are keys that one change of the commit frees and another takes: the claim is
    overwritten, and what guards it is the version of the aggregate that gives it up.
    """

    intent: Intent
    aggregate: A
    state: State
    expected: int
    version: int
    stored: Stored | None
    events: tuple[DomainEvent, ...]
    taken: dict[str, tuple[Unique[A], str]]
    freed: dict[str, tuple[Unique[A], str]]
    handed_over: frozenset[str] = frozenset()


class Tracker(Generic[A]):
    """Gives one object an id, remembers what was loaded, and tells what is to be written.

    From `begin` until `committed` or `abandoned` a commit is under way: staging is refused.
    """

    def __init__(self, aggregate_type: AggregateType[A]) -> None:
        self._type = aggregate_type
        self._tracked: dict[str, _Tracked[A]] = {}
        self._under_way: tuple[Change[A], ...] | None = None

    def find(self, aggregate_id: str) -> A | None:
        """The aggregate if it is tracked. Raises its `NotFound` if it is staged for removal."""
        entry = self._tracked.get(aggregate_id)
        if entry is None:
            return None
        if entry.intent is Intent.REMOVE:
            raise self._type.not_found(aggregate_id)
        return entry.aggregate

    def knows(self, aggregate_id: str) -> bool:
        """Whether the aggregate is tracked, be it for removal."""
        return aggregate_id in self._tracked

    def present(self, aggregate_ids: Iterable[str]) -> list[A]:
        """Those of these that are tracked and not staged for removal, in this order."""
        entries = (self._tracked.get(aggregate_id) for aggregate_id in aggregate_ids)
        return [e.aggregate for e in entries if e is not None and e.intent is not Intent.REMOVE]

    def loaded(self, stored: Stored) -> A:
        """The aggregate that was just read; the one already tracked, where there is one."""
        known = self._tracked.get(stored.state["id"])
        if known is not None:
            return known.aggregate
        aggregate = self._type.from_state(stored.state)
        self._tracked[aggregate.id] = _Tracked(
            aggregate, Intent.KEEP, stored, self._type.claims(aggregate)
        )
        return aggregate

    def add(self, aggregate: A) -> None:
        """Stages a new aggregate."""
        self._check_open()
        self._type.check_id(aggregate)
        if aggregate.version != 0:
            raise InvalidValue("version", f"{aggregate.id} was stored before: save it instead")
        if aggregate.id in self._tracked:
            raise UnitOfWorkMisused(f"{self._type.name} {aggregate.id} is already tracked")
        self._tracked[aggregate.id] = _Tracked(aggregate, Intent.ADD, None)

    def save(self, aggregate: A) -> None:
        """Stages the changes of a tracked aggregate."""
        self._check_open()
        entry = self._saveable(aggregate)
        if entry.intent is Intent.KEEP:
            entry.intent = Intent.SAVE

    def remove(self, aggregate: A) -> None:
        """Stages the removal of a tracked aggregate; one only added is forgotten."""
        self._check_open()
        entry = self._entry(aggregate)
        if entry.intent is Intent.ADD:
            del self._tracked[aggregate.id]
        else:
            entry.intent = Intent.REMOVE

    def changes(self) -> tuple[Change[A], ...]:
        """What is staged and differs from what is stored, in the order it was first seen."""
        return tuple(change for entry in self._tracked.values() if (change := self._change(entry)))

    def check_saveable(self, aggregates: Sequence[A]) -> None:
        """Raises `UnitOfWorkMisused` unless each of these can be saved, each by itself."""
        self._check_open()
        if len({aggregate.id for aggregate in aggregates}) < len(aggregates):
            raise UnitOfWorkMisused("an aggregate is listed twice")
        for aggregate in aggregates:
            self._saveable(aggregate)

    def split(self, aggregate: A) -> Tracker[A]:
        """A tracker of this one alone, staged to be saved; this tracker forgets it."""
        alone = Tracker(self._type)
        alone._tracked[aggregate.id] = self._tracked.pop(aggregate.id)
        alone.save(aggregate)
        return alone

    def join(self, other: Tracker[A]) -> None:
        """Tracks from now on what the other tracks."""
        self._tracked |= other._tracked

    def forgotten(self) -> tuple[str, ...]:
        """The ids of aggregates that recorded events and were neither saved nor removed."""
        return tuple(
            entry.aggregate.id
            for entry in self._tracked.values()
            if entry.intent is Intent.KEEP and entry.aggregate.recorded_events
        )

    def begin(self) -> tuple[Change[A], ...]:
        """The changes of a commit that starts now.

        Raises the error of a unique value that two of them would take.
        """
        changes = self.changes()
        taken: set[str] = set()
        for change in changes:
            for key, (unique, value) in change.taken.items():
                if key in taken:
                    raise unique.taken(value)
                taken.add(key)
        freed: set[str] = set()
        begun = []
        for change in changes:
            # Two free one claim where one of them is stale. Its version will be refused; naming
            # the claim twice would be refused for a reason that says less.
            own = {key: claim for key, claim in change.freed.items() if key not in freed}
            freed |= own.keys()
            begun.append(evolve(change, freed=own))
        handed_over = frozenset(taken & freed)
        self._under_way = tuple(evolve(change, handed_over=handed_over) for change in begun)
        return self._under_way

    def committed(self, notes: Mapping[str, Any]) -> None:
        """The changes that `begin` gave are stored, each with the note of its aggregate's id."""
        for change in self._under_way or ():
            self._stored(change, notes.get(change.aggregate.id))
        self._under_way = None

    def abandoned(self) -> None:
        """The changes that `begin` gave are not stored."""
        self._under_way = None

    def clear(self) -> None:
        """Forgets everything."""
        self._tracked.clear()
        self._under_way = None

    def _change(self, entry: _Tracked[A]) -> Change[A] | None:
        if entry.intent is Intent.KEEP:
            return None
        aggregate, state = entry.aggregate, self._type.to_state(entry.aggregate)
        events = aggregate.recorded_events
        unchanged = entry.stored is not None and state == entry.stored.state
        if entry.intent is Intent.SAVE and unchanged and not events:
            return None
        expected = 0 if entry.stored is None else entry.stored.state["version"]
        if aggregate.version != expected:
            raise UnitOfWorkMisused(
                f"{self._type.name} {aggregate.id} was committed by another unit of work: load it"
            )
        needed = {} if entry.intent is Intent.REMOVE else self._type.claims(aggregate)
        return Change(
            intent=entry.intent,
            aggregate=aggregate,
            state=state,
            expected=expected,
            version=expected + self._type.revisions(events),
            stored=entry.stored,
            events=events,
            taken={key: needed[key] for key in needed if key not in entry.claimed},
            freed={key: entry.claimed[key] for key in entry.claimed if key not in needed},
        )

    def _stored(self, change: Change[A], note: Any) -> None:
        aggregate = change.aggregate
        aggregate.committed(change.version, change.events)
        if change.intent is Intent.REMOVE:
            self._tracked.pop(aggregate.id, None)
            return
        entry = self._tracked[aggregate.id]
        entry.intent = Intent.KEEP
        entry.stored = Stored({**change.state, "version": change.version}, note)
        entry.claimed = {
            key: claim
            for key, claim in (entry.claimed | change.taken).items()
            if key not in change.freed
        }

    def _saveable(self, aggregate: A) -> _Tracked[A]:
        entry = self._entry(aggregate)
        if entry.intent is Intent.REMOVE:
            raise UnitOfWorkMisused(f"{self._type.name} {aggregate.id} is staged for removal")
        return entry

    def _entry(self, aggregate: A) -> _Tracked[A]:
        entry = self._tracked.get(aggregate.id)
        if entry is None or entry.aggregate is not aggregate:
            raise UnitOfWorkMisused(
                f"{self._type.name} {aggregate.id} was not loaded or added in this unit of work"
            )
        return entry

    def _check_open(self) -> None:
        if self._under_way is not None:
            raise commit_under_way()
