"""Tagged events in memory: the events, their rows by guard, and the guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from attrs import frozen
from typing_extensions import override

from application.ports.dcb_store import SequencedEvent
from domain.errors import Conflict
from domain.tagged_events import (
    EventAlreadyAppended,
    GuardState,
    IdempotencyKeyReused,
    Position,
    Tag,
)
from infrastructure.limits import NEW_ITEM_CONDITION, check_record
from infrastructure.memory.database import MemoryAction, MemoryDatabase, Record
from infrastructure.tagged_events.keys import EventKeys
from infrastructure.tagged_events.table import (
    TAGGED_EVENTS,
    TAGS,
    GuardMoved,
    GuardUse,
    TaggedEventTable,
    event_record,
    is_same,
    raw_of,
    row_record,
)

_KEYS = EventKeys()
_PAGE = 200

# Rows sort after their guard, and all of them between these two.
_FIRST = "\x00"
_LAST = "\x01"


@frozen
class MemoryTaggedEventTable(TaggedEventTable):
    """Nothing lags. An event that no item could hold is refused here too."""

    _database: MemoryDatabase

    @override
    def put(self, event: SequencedEvent, guards: Sequence[str]) -> tuple[MemoryAction, ...]:
        record = event_record(_KEYS, event)
        size = check_record(TAGGED_EVENTS, ("pk",), record)
        stored = MemoryAction(
            TAGGED_EVENTS,
            event.event_id,
            {"event": event, "index": event.position.value},
            partial(_refused, event),
            size=size + NEW_ITEM_CONDITION,
        )
        return (stored, *(self._row(guard, event) for guard in guards))

    @override
    def use(self, use: GuardUse, commit_id: str) -> MemoryAction:
        def refusal(present: Record | None) -> Conflict | None:
            return None if _is_expected(use, _state(present).newest) else GuardMoved(use.guard)

        def moved(present: Record | None) -> Record | None:
            return {"state": GuardState(_state(present).count + use.adds, use.newest)}

        key, is_check = use.guard + _FIRST, use.newest is None
        return MemoryAction(TAGS, key, refusal=refusal, change=moved, is_check=is_check)

    @override
    def guards(self, names: Sequence[str]) -> Mapping[str, GuardState]:
        return {name: _state(self._database.get(TAGS, name + _FIRST)) for name in names}

    @override
    def rows(
        self,
        guard: str,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        prefix = guard + _FIRST
        first = prefix if after is None else prefix + after.value
        last = guard + _LAST if before is None else prefix + before.value
        between = partial(self._database.between, TAGS, backwards=backwards)

        def key(event: SequencedEvent) -> str:
            return prefix + event.position.value

        return _paged(between, first, last, key, page_size or _PAGE, backwards=backwards)

    @override
    def in_order(
        self,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        first = "" if after is None else after.value
        last = ":" if before is None else before.value  # sorts after every digit
        between = partial(self._database.indexed, TAGGED_EVENTS, backwards=backwards)

        def key(event: SequencedEvent) -> str:
            return event.position.value

        return _paged(between, first, last, key, page_size or _PAGE, backwards=backwards)

    @override
    def get(self, event_id: str) -> SequencedEvent | None:
        record = self._database.get(TAGGED_EVENTS, event_id)
        return None if record is None else event_of(record)

    @override
    def tags(self, after: Tag | None, limit: int) -> list[Tag]:
        guards = [key for key in self._database.keys(TAGS) if key.endswith(_FIRST)]
        tags = (_KEYS.tag_of(key.removesuffix(_FIRST)) for key in guards)
        return [tag for tag in tags if tag and (after is None or tag > after)][:limit]

    def _row(self, guard: str, event: SequencedEvent) -> MemoryAction:
        record = row_record(_KEYS, guard, event)
        size = check_record(TAGS, ("pk", "sk"), record)
        return MemoryAction(
            TAGS,
            guard + _FIRST + event.position.value,
            {"event": event},
            size=size,
        )


def event_of(record: Record) -> SequencedEvent:
    """The event in a record of the table of events."""
    event: SequencedEvent = record["event"]
    return event


def _state(record: Record | None) -> GuardState:
    return GuardState() if record is None else record["state"]


def _is_expected(use: GuardUse, newest: Position | None) -> bool:
    if use.seen is not None:
        return newest == use.seen.newest
    return newest is None or use.newest is None or newest < use.newest


def _refused(event: SequencedEvent, present: Record | None) -> Conflict | None:
    if present is None:
        return None
    if is_same(event_of(present), raw_of(event), event.tags):
        return EventAlreadyAppended(event.event_id)
    return IdempotencyKeyReused(event.event_id)


def _paged(
    between: Callable[[str, str, int], Sequence[Record]],
    first: str,
    last: str,
    key: Callable[[SequencedEvent], str],
    page_size: int,
    *,
    backwards: bool,
) -> Iterator[SequencedEvent]:
    while True:
        events = [event_of(record) for record in between(first, last, page_size)]
        yield from events
        if len(events) < page_size:
            return
        first, last = (first, key(events[-1])) if backwards else (key(events[-1]), last)
