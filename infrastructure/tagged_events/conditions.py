"""Append conditions: which guards must be as they were seen, and whether an event was added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from application.ports.dcb_store import SequencedEvent
from domain.errors import InvalidValue
from domain.tagged_events import AppendCondition, AppendConditionFailed, GuardState
from infrastructure.events.registry import EventRegistry
from infrastructure.tagged_events.query import StoredQuery
from infrastructure.tagged_events.reader import TaggedEventReader

Guards = Mapping[str, GuardState]
"""States of guards, by their names."""


@frozen
class Conditions:
    """Turns conditions into guards that a commit expects."""

    reader: TaggedEventReader
    registry: EventRegistry

    def guards(self, conditions: Sequence[AppendCondition]) -> set[str]:
        """Every guard that could stand for them. Raises `NotGuarded`."""
        guarded = self.reader.guarded
        return {name for each in conditions for name in self._query(each).guards(guarded)}

    def seen(self, conditions: Sequence[AppendCondition]) -> Guards | None:
        """The guards as the reads of these conditions saw them: nothing is read.

        None where a condition is not that of a read, or two of them saw a guard differently.
        Raises `NotGuarded`, `InvalidValue`.
        """
        guarded = self.reader.guarded
        queries = [self._query(condition) for condition in conditions]
        for query in queries:
            query.guards(guarded)
        expected: dict[str, GuardState] = {}
        for condition, query in zip(conditions, queries, strict=True):
            if condition.seen is None:
                return None
            chosen = query.chosen(guarded, condition.seen)
            if any(expected.get(guard, state) != state for guard, state in chosen.items()):
                return None
            expected.update(chosen)
        return expected

    def confirmed(self, condition: AppendCondition, known: Guards, own: Collection[str]) -> Guards:
        """The guards of a condition as they are known now, if no matching event was added.

        Events with one of `own` ids do not count. Raises `AppendConditionFailed` with the first
        that does, and `InvalidValue` for a condition that was read from other tables.
        """
        query = self._query(condition)
        before = condition.seen
        chosen = query.chosen(self.reader.guarded, known if before is None else before)
        for guard in chosen:
            seen = GuardState(newest=condition.after) if before is None else before[guard]
            added = self._added(guard, known[guard], seen, is_counted=before is not None)
            matching = [
                event.position
                for event in added
                if query.matches(event)
                and event.event_id not in own
                and not self._was_seen(event, before or {})
            ]
            if matching:
                raise AppendConditionFailed(min(matching))
        return {guard: known[guard] for guard in chosen}

    def _added(
        self, guard: str, now: GuardState, seen: GuardState, *, is_counted: bool
    ) -> Sequence[SequencedEvent]:
        if is_counted and seen.newest and (now.newest is None or now.newest < seen.newest):
            raise InvalidValue("condition", "was read from another table")
        return self.reader.since(guard, now, seen if seen.newest else None)

    def _was_seen(self, event: SequencedEvent, seen: Guards) -> bool:
        """Whether a read that saw the guards like this has given the event, by one of them."""
        guards = self.reader.guarded.of_event(event)
        newest = (seen[name].newest for name in guards if name in seen)
        return any(position is not None and event.position <= position for position in newest)

    def _query(self, condition: AppendCondition) -> StoredQuery:
        return StoredQuery.of(condition.query, self.registry.name_of)
