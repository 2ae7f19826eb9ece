"""What one unit of work loaded, added, saved and removed of one aggregate type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from attrs import define, evolve, frozen
from typing_extensions import override

from application.errors import UnitOfWorkMisused
from application.event_context import current_event_context
from domain.aggregate import Aggregate
from domain.errors import InvalidValue
from domain.repository import SavingRepository
from infrastructure.aggregates.aggregate_type import AggregateType, State
from infrastructure.aggregates.changes import AggregateChange, Intent, Plan, Stored, TrackedTable
from infrastructure.commit.participant import Action, Commit, Participant, RecordedEvent

A = TypeVar("A", bound=Aggregate)


@define
class _Tracked(Generic[A]):
    aggregate: A
    intent: Intent
    stored: Stored | None
    is_required: bool = False


class Tracker(Participant, Generic[A]):
    """Gives one object an id, remembers what was loaded, and writes what is staged.

    `check_open` raises where nothing may be staged: a commit is under way.
    """

    def __init__(
        self,
        aggregate_type: AggregateType[A],
        table: TrackedTable,
        check_open: Callable[[], None],
    ) -> None:
        self.type = aggregate_type
        self._table = table
        self._check_open = check_open
        self._tracked: dict[str, _Tracked[A]] = {}
        self._changes: tuple[AggregateChange[A], ...] = ()
        self._plans: list[Plan] = []
        self._required: tuple[Stored, ...] = ()

    def get(self, aggregate_id: str) -> A:
        """The aggregate, read if it is not tracked yet. Raises its `NotFound`."""
        entry = self._tracked.get(aggregate_id)
        if entry is None:
            stored = self._table.read(aggregate_id) if self.type.is_id(aggregate_id) else None
            if stored is None:
                raise self.type.not_found(aggregate_id)
            return self.loaded(stored)
        if entry.intent is Intent.REMOVE:
            raise self.type.not_found(aggregate_id)
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
        aggregate = self.type.from_state(stored.state)
        self._tracked[aggregate.id] = _Tracked(aggregate, Intent.KEEP, stored)
        return aggregate

    def add(self, aggregate: A) -> None:
        """Stages a new aggregate."""
        self._check_open()
        self.type.check_id(aggregate)
        if aggregate.version != 0:
            raise InvalidValue("version", f"{aggregate.id} was stored before: save it instead")
        if aggregate.id in self._tracked:
            raise UnitOfWorkMisused(f"{self.type.name} {aggregate.id} is already tracked")
        self._tracked[aggregate.id] = _Tracked(aggregate, Intent.ADD, None)

    def save(self, aggregate: A) -> None:
        """Stages the changes of a tracked aggregate."""
        self._check_open()
        entry = self._entry(aggregate)
        if entry.intent is Intent.REMOVE:
            raise UnitOfWorkMisused(f"{self.type.name} {aggregate.id} is staged for removal")
        if entry.intent is Intent.KEEP:
            self._stage(entry, Intent.SAVE)

    def remove(self, aggregate: A) -> None:
        """Stages the removal of a tracked aggregate; one only added is forgotten."""
        self._check_open()
        entry = self._entry(aggregate)
        if entry.intent is Intent.ADD:
            del self._tracked[aggregate.id]
        else:
            self._stage(entry, Intent.REMOVE)

    def require_unchanged(self, aggregate: A) -> None:
        """Stages that a tracked aggregate must still be as it was loaded."""
        self._check_open()
        self._entry(aggregate).is_required = True

    @override
    def is_changed(self) -> bool:
        return bool(self._staged()) or any(each.is_required for each in self._tracked.values())

    @override
    def forgotten(self) -> Sequence[str]:
        """The ids of aggregates that recorded events and were neither saved nor removed."""
        return [
            entry.aggregate.id
            for entry in self._tracked.values()
            if entry.intent is Intent.KEEP and entry.aggregate.recorded_events
        ]

    @override
    def prepare(self) -> Sequence[RecordedEvent]:
        """See `Participant`. Raises the error of a unique value that two changes would take."""
        self._changes = _with_claims_settled(self._staged())
        written = {change.aggregate.id for change in self._changes}
        self._required = tuple(
            entry.stored
            for id_, entry in self._tracked.items()
            # What is written is refused by its own version.
            if entry.is_required and entry.stored is not None and id_ not in written
        )
        return [event for change in self._changes for event in self._recorded(change)]

    def as_prepared(self, aggregate: Aggregate) -> A | None:
        """A copy of an aggregate as the commit stores it; None where it writes none such."""
        states = (change.state for change in self._changes if change.aggregate is aggregate)
        return next(map(self.type.from_state, states), None)

    @override
    def actions(self, commit: Commit) -> Sequence[Action]:
        self._plans = [self._table.plan(change, commit) for change in self._changes]
        writes = [action for plan in self._plans for action in plan.actions]
        return [*writes, *(self._table.check(stored) for stored in self._required)]

    @override
    def committed(self) -> None:
        for change, plan in zip(self._changes, self._plans, strict=True):
            self._note_stored(change, plan.stored)
        for entry in self._tracked.values():
            entry.is_required = False

    @override
    def clear(self) -> None:
        self._tracked.clear()

    def _stage(self, entry: _Tracked[A], intent: Intent) -> None:
        if entry.stored is not None and entry.stored.claims is None:
            entry.stored = evolve(entry.stored, claims=self._held(entry.stored.state))
        entry.intent = intent

    def _held(self, state: State) -> frozenset[str]:
        """The claims that an aggregate holds which does not tell: those that name it.

        They stay as they are while its version stands, which is what the commit is refused by.
        """
        needed = self.type.claims(self.type.from_state(state))
        return frozenset(key for key in needed if self._table.holder(key) == state["id"])

    def _staged(self) -> tuple[AggregateChange[A], ...]:
        """What is staged and differs from what is stored, in the order it was first seen."""
        return tuple(change for entry in self._tracked.values() if (change := self._change(entry)))

    def _change(self, entry: _Tracked[A]) -> AggregateChange[A] | None:
        if entry.intent is Intent.KEEP:
            return None
        aggregate, state = entry.aggregate, self.type.to_state(entry.aggregate)
        events = aggregate.recorded_events
        needed = {} if entry.intent is Intent.REMOVE else self.type.claims(aggregate)
        claims = frozenset(needed)
        stored = entry.stored
        if entry.intent is Intent.SAVE and not events and _holds(stored, state, claims):
            return None
        expected = 0 if stored is None else stored.state["version"]
        held = (stored and stored.claims) or frozenset()
        if aggregate.version != expected:
            raise UnitOfWorkMisused(
                f"{self.type.name} {aggregate.id} was committed by another unit of work: load it"
            )
        version = expected + self.type.revisions(events)
        return AggregateChange(
            intent=entry.intent,
            aggregate=aggregate,
            state={**state, "version": version},
            expected=expected,
            version=version,
            stored=stored,
            events=events,
            claims=claims,
            taken={key: needed[key] for key in needed if key not in held},
            freed=held - claims,
        )

    def _recorded(self, change: AggregateChange[A]) -> Iterator[RecordedEvent]:
        versions = self.type.versions(change.expected, change.events)
        for event, version in zip(change.events, versions, strict=True):
            yield RecordedEvent(
                event=event,
                aggregate_type=self.type.name,
                aggregate_id=change.aggregate.id,
                version=version,
                metadata=current_event_context(),
            )

    def _note_stored(self, change: AggregateChange[A], stored: Stored) -> None:
        aggregate = change.aggregate
        aggregate.committed(change.version, change.events)
        if change.intent is Intent.REMOVE:
            self._tracked.pop(aggregate.id, None)
            return
        entry = self._tracked[aggregate.id]
        entry.intent = Intent.KEEP
        entry.stored = stored

    def _entry(self, aggregate: A) -> _Tracked[A]:
        entry = self._tracked.get(aggregate.id)
        if entry is None or entry.aggregate is not aggregate:
            raise UnitOfWorkMisused(
                f"{self.type.name} {aggregate.id} was not loaded or added in this unit of work"
            )
        return entry


def _holds(stored: Stored | None, state: State, claims: frozenset[str]) -> bool:
    """Whether all is stored already."""
    if stored is None or not stored.is_complete:
        return False
    return stored.state == state and stored.claims == claims


def _with_claims_settled(
    changes: Sequence[AggregateChange[A]],
) -> tuple[AggregateChange[A], ...]:
    """The changes of one commit, which name every claim once, or the error of one taken twice."""
    taken: set[str] = set()
    for change in changes:
        for key, (unique, value) in change.taken.items():
            if key in taken:
                raise unique.taken(value)
            taken.add(key)
    freed: set[str] = set()
    settled = []
    for change in changes:
        # Two free one claim where one of them is stale. Its version will be refused; naming
        # the claim twice would be refused for a reason that says less.
        own = change.freed - freed
        freed |= own
        settled.append(evolve(change, freed=own) if own != change.freed else change)
    handed_over = frozenset(taken & freed)
    if handed_over:
        settled = [evolve(change, handed_over=handed_over) for change in settled]
    return tuple(settled)


@frozen
class TrackedRepository(SavingRepository[A]):
    """Loads, adds and saves the aggregates of one type: the public face of their tracker."""

    _tracker: Tracker[A]

    @override
    def get(self, aggregate_id: str, /) -> A:
        """See `SavingRepository`. One request, none if this unit of work has it already."""
        return self._tracker.get(aggregate_id)

    @override
    def add(self, aggregate: A, /) -> None:
        self._tracker.add(aggregate)

    @override
    def save(self, aggregate: A, /) -> None:
        self._tracker.save(aggregate)

    @override
    def require_unchanged(self, aggregate: A, /) -> None:
        self._tracker.require_unchanged(aggregate)
