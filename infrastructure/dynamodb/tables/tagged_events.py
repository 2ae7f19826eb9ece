"""Tagged events in DynamoDB tables: the events, their rows by guard, and the guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain
from typing import Any

from attrs import field, frozen
from pynamodb.expressions.condition import Condition
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
from infrastructure.dynamodb.gateway.batch import batch_get
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.pages import pages, together
from infrastructure.dynamodb.items import Item, model_of
from infrastructure.dynamodb.mappers.tagged_events import (
    row_to_sequenced,
    to_guard_state,
    to_sequenced,
)
from infrastructure.dynamodb.mappers.writing import is_new
from infrastructure.dynamodb.models.tagged_events import (
    AllEventsIndex,
    GuardModel,
    TaggedEventModel,
    TagListIndex,
    TagRowModel,
)
from infrastructure.dynamodb.transaction.actions import ActionKind, ItemAction, Refusal, Verdict
from infrastructure.tagged_events.keys import EventKeys, tag_guard
from infrastructure.tagged_events.table import (
    GUARD,
    GuardMoved,
    GuardUse,
    TaggedEventTable,
    event_record,
    is_same,
    raw_of,
    row_record,
)

# Every position is between these two, and no guard is.
_FIRST = "0"
_LAST = ":"


@frozen
class EventIdRefusal(Refusal):
    """Of the condition that an id is new. Events are never removed."""

    event: SequencedEvent

    @override
    def error(self, old: Item | None) -> Conflict | None:
        """Whether the event that is there is this one, or another."""
        if old is None:
            return None
        if is_same(to_sequenced(old), raw_of(self.event), self.event.tags):
            return EventAlreadyAppended(self.event.event_id)
        return IdempotencyKeyReused(self.event.event_id)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Decided by the commit that wrote the event which is there."""
        if old is None:
            return Verdict.UNKNOWN
        return Verdict.APPLIED if old["commitId"]["S"] == commit_id else Verdict.REFUSED


@frozen
class GuardRefusal(Refusal):
    """Of the condition that a guard is as expected."""

    guard: str

    @override
    def error(self, old: Item | None) -> Conflict | None:
        return GuardMoved(self.guard)

    @override
    def verdict(self, old: Item | None, commit_id: str) -> Verdict:
        """Applied by the commit that moved it last; others may have come after this one."""
        is_ours = old is not None and old["commitId"]["S"] == commit_id
        return Verdict.APPLIED if is_ours else Verdict.UNKNOWN


@frozen(kw_only=True)
class DynamoDBTaggedEventTable(TaggedEventTable):
    """`events` and `tags_table` are the physical tables."""

    gateway: Gateway
    events: str
    tags_table: str
    keys: EventKeys = field(factory=EventKeys)

    @override
    def put(self, event: SequencedEvent, guards: Sequence[str]) -> tuple[ItemAction, ...]:
        stored = ItemAction(
            kind=ActionKind.PUT,
            table=self.events,
            model=model_of(TaggedEventModel, event_record(self.keys, event)),
            condition=is_new(TaggedEventModel),
            refusals=(EventIdRefusal(event),),
            # Nobody removes an event: what was applied once is found by every later attempt.
            repeatable=True,
        )
        return (stored, *(self._row(guard, event) for guard in guards))

    @override
    def use(self, use: GuardUse, commit_id: str) -> ItemAction:
        model = GuardModel(self.keys.guard(use.guard), GUARD)
        shared: dict[str, Any] = {
            "table": self.tags_table,
            "model": model,
            "condition": _expectation(use),
            "refusals": (GuardRefusal(use.guard),),
        }
        if use.newest is None:
            return ItemAction(kind=ActionKind.CHECK, **shared)
        updates = [
            GuardModel.events.add(use.adds),
            GuardModel.newest.set(use.newest.value),
            GuardModel.commit_id.set(commit_id),
        ]
        if self.keys.tag_of(model.pk) is not None:
            updates.append(GuardModel.tag_list.set(self.keys.tag_list))
        return ItemAction(kind=ActionKind.UPDATE, updates=updates, **shared)

    @override
    def guards(self, names: Sequence[str]) -> Mapping[str, GuardState]:
        by_key = {self.keys.guard(name): name for name in names}
        found = batch_get(self.gateway, self.tags_table, [_guard_key(key) for key in by_key])
        states = {by_key[item["pk"]["S"]]: to_guard_state(item) for item in found}
        return {name: states.get(name, GuardState()) for name in names}

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
        """See `TaggedEventTable`. A row is left out as long as its event is not to be seen."""
        request = {
            "TableName": self.tags_table,
            "ConsistentRead": True,
            **_between("pk", self.keys.guard(guard), "sk", after, before),
            **_paging(page_size, backwards=backwards),
        }
        read = map(self._whole, pages(self.gateway, "Query", request))
        return _within(chain.from_iterable(read), after, before)

    @override
    def in_order(
        self,
        *,
        after: Position | None = None,
        before: Position | None = None,
        backwards: bool = False,
        page_size: int | None = None,
    ) -> Iterator[SequencedEvent]:
        """See `TaggedEventTable`. The first pages of several shards are read at the same time."""
        request = {
            "TableName": self.events,
            "IndexName": AllEventsIndex.Meta.index_name,
            **_paging(page_size, backwards=backwards),
        }
        shards = [
            pages(
                self.gateway,
                "Query",
                {**request, **_between("gsi1pk", key, "sortableUniqueId", after, before)},
            )
            for key in self.keys.indexes()
        ]
        found = merge(*together(shards), key=_position, reverse=backwards)
        return _within(map(to_sequenced, found), after, before)

    @override
    def get(self, event_id: str) -> SequencedEvent | None:
        request = {
            "TableName": self.events,
            "Key": {"pk": {"S": self.keys.event(event_id)}},
            "ConsistentRead": True,
        }
        answer = self.gateway.call("GetItem", request)
        return to_sequenced(answer["Item"]) if "Item" in answer else None

    @override
    def tags(self, after: Tag | None, limit: int) -> list[Tag]:
        request = {
            "TableName": self.tags_table,
            "IndexName": TagListIndex.Meta.index_name,
            "KeyConditionExpression": "tagList = :list AND pk > :after",
            "ExpressionAttributeValues": {
                ":list": {"S": self.keys.tag_list},
                ":after": {"S": self.keys.guard("TAG#" if after is None else tag_guard(after))},
            },
        }
        found = (item for page in pages(self.gateway, "Query", request, limit) for item in page)
        return [tag for item in found if (tag := self.keys.tag_of(item["pk"]["S"])) is not None]

    def _row(self, guard: str, event: SequencedEvent) -> ItemAction:
        row = model_of(TagRowModel, row_record(self.keys, guard, event))
        return ItemAction(kind=ActionKind.PUT, table=self.tags_table, model=row)

    def _whole(self, items: list[Item]) -> Iterator[SequencedEvent]:
        ids = [item["eventId"]["S"] for item in items if "payload" not in item]
        keys: list[Item] = [{"pk": {"S": self.keys.event(event_id)}} for event_id in ids]
        found = map(to_sequenced, batch_get(self.gateway, self.events, keys))
        elsewhere = {event.event_id: event for event in found}
        for item in items:
            if "payload" in item:
                yield row_to_sequenced(item)
            elif item["eventId"]["S"] in elsewhere:
                yield elsewhere[item["eventId"]["S"]]


def _expectation(use: GuardUse) -> Condition:
    is_new: Condition = GuardModel.newest.does_not_exist()
    if use.seen is None:
        either: Condition = is_new | (GuardModel.newest < str(use.newest))
        return either
    is_as_seen: Condition = GuardModel.newest == str(use.seen.newest)
    return is_new if use.seen.newest is None else is_as_seen


def _guard_key(key: str) -> Item:
    return {"pk": {"S": key}, "sk": {"S": GUARD}}


def _between(
    hash_key: str, value: str, range_key: str, after: Position | None, before: Position | None
) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#key = :key AND #position BETWEEN :first AND :last",
        "ExpressionAttributeNames": {"#key": hash_key, "#position": range_key},
        "ExpressionAttributeValues": {
            ":key": {"S": value},
            ":first": {"S": after.value if after else _FIRST},
            ":last": {"S": before.value if before else _LAST},
        },
    }


def _paging(page_size: int | None, *, backwards: bool) -> dict[str, Any]:
    limit = {} if page_size is None else {"Limit": page_size}
    return {"ScanIndexForward": not backwards, **limit}


def _position(item: Item) -> str:
    position: str = item["sortableUniqueId"]["S"]
    return position


def _within(
    events: Iterator[SequencedEvent], after: Position | None, before: Position | None
) -> Iterator[SequencedEvent]:
    """Without the positions themselves, which a condition on a key includes."""
    return (event for event in events if event.position not in (after, before))
