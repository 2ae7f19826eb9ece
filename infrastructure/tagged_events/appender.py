"""Appending tagged events as part of a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen
from typing_extensions import override

from application.event_context import current_event_context
from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent, TaggedEventWriter
from application.ports.event_store import EventMetadata, RawEvent
from application.ports.ids import IdFactory
from domain.tagged_events import AppendCondition, Position, TaggedEvent, microsecond_of
from infrastructure.commit.participant import Action, Commit, Participant, RecordedEvent
from infrastructure.events.registry import in_utc
from infrastructure.tagged_events.conditions import Conditions, Guards
from infrastructure.tagged_events.table import GuardUse


@frozen
class _Staged:
    """An event to append. Its id is fixed: a commit that is prepared anew stores the same."""

    tagged: TaggedEvent
    event_id: str
    metadata: EventMetadata


class TaggedEventAppender(TaggedEventWriter, Participant):
    """A participant of a unit of work. `check_open` raises where nothing may be staged."""

    def __init__(
        self, conditions: Conditions, clock: Clock, ids: IdFactory, check_open: Callable[[], None]
    ) -> None:
        self._judge = conditions
        self._clock = clock
        self._ids = ids
        self._check_open = check_open
        self._staged: list[_Staged] = []
        self._encoded: list[RawEvent] = []
        self._conditions: list[AppendCondition] = []
        self._expected: Guards = {}
        self._events: list[SequencedEvent] = []
        self._is_overtaken = False
        self._last_position: Position | None = None

    @property
    @override
    def last_position(self) -> Position | None:
        return self._last_position

    @override
    def append(
        self,
        events: Sequence[TaggedEvent],
        condition: AppendCondition | None = None,
        metadata: EventMetadata | None = None,
    ) -> None:
        self._check_open()
        if not events:
            return
        metadata = metadata or current_event_context()
        self._staged += [
            _Staged(tagged, tagged.event_id or self._ids.new_id(), metadata) for tagged in events
        ]
        self._conditions += [] if condition is None else [condition]

    @override
    def is_changed(self) -> bool:
        return bool(self._staged)

    @override
    def forgotten(self) -> Sequence[str]:
        return ()

    @override
    def prepare(self) -> Sequence[RecordedEvent]:
        """See `Participant`. Reads guards where a condition has not seen them, or was overtaken."""
        if not self._staged:
            return ()
        # Once for all attempts: what is large goes to a blob while it is encoded.
        encode = self._judge.registry.encode
        missing = self._staged[len(self._encoded) :]
        self._encoded += [encode(staged.tagged.event) for staged in missing]
        seen = None if self._is_overtaken else self._judge.seen(self._conditions)
        self._is_overtaken = True  # should it be prepared again
        if seen is None:
            self._read_guards()
        else:
            self._expected = seen
            self._events = self._sequenced(seen)
        pairs = zip(self._staged, self._events, strict=True)
        return [_recorded(staged, event) for staged, event in pairs]

    @override
    def actions(self, commit: Commit) -> Sequence[Action]:
        table, guarded = self._judge.reader.table, self._judge.reader.guarded
        uses = {guard: GuardUse(guard=guard, seen=seen) for guard, seen in self._expected.items()}
        puts: list[Action] = []
        for event in self._events:
            guards = guarded.of_event(event)
            puts += table.put(evolve(event, commit_id=commit.id), guards)
            for guard in guards:
                use = uses.get(guard, GuardUse(guard=guard))
                uses[guard] = evolve(use, adds=use.adds + 1, newest=event.position)
        # The events first: one that is there already is told before a guard that it moved.
        return [*puts, *(table.use(use, commit.id) for use in uses.values())]

    @override
    def committed(self) -> None:
        if self._events:
            self._last_position = self._events[-1].position
        self.clear()

    @override
    def clear(self) -> None:
        self._staged.clear()
        self._encoded.clear()
        self._conditions.clear()
        self._events = []
        self._is_overtaken = False

    def _read_guards(self) -> None:
        reader = self._judge.reader
        names = self._judge.guards(self._conditions)
        # The guards of the events tell which positions theirs must come after.
        for event in self._sequenced({}):
            names.update(reader.guarded.of_event(event))
        known = reader.table.guards(sorted(names))
        own = {staged.event_id for staged in self._staged}
        confirmed = [self._judge.confirmed(each, known, own) for each in self._conditions]
        self._expected = {guard: known[guard] for guards in confirmed for guard in guards}
        self._events = self._sequenced(known)

    def _sequenced(self, known: Guards) -> list[SequencedEvent]:
        """The events as they are stored but for their commit, after everything that is known."""
        newest = [state.newest.microsecond + 1 for state in known.values() if state.newest]
        first = max([microsecond_of(self._clock.now()), *newest])
        pairs = zip(self._staged, self._encoded, strict=True)
        return [
            _sequenced(staged, raw, microsecond)
            for microsecond, (staged, raw) in enumerate(pairs, first)
        ]


def _sequenced(staged: _Staged, raw: RawEvent, microsecond: int) -> SequencedEvent:
    return SequencedEvent(
        position=Position.of(microsecond, staged.event_id),
        event_id=staged.event_id,
        type=raw.type,
        tags=staged.tagged.tags,
        timestamp=in_utc(staged.tagged.event),
        event=raw,
        metadata=staged.metadata,
        commit_id="",
    )


def _recorded(staged: _Staged, event: SequencedEvent) -> RecordedEvent:
    name = event.tags[0].value if event.tags else event.event_id
    return RecordedEvent(
        event=staged.tagged.event,
        aggregate_type=name.partition(":")[0],
        aggregate_id=name,
        version=event.position.microsecond,
        metadata=staged.metadata,
    )
