"""Queries in stored names: what they match, and which guards stand for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from attrs import frozen

from application.ports.dcb_store import SequencedEvent
from domain.errors import InvalidValue
from domain.tagged_events import EventName, GuardState, NotGuarded, Query, Tag
from infrastructure.tagged_events.keys import EVERYTHING, tag_guard, type_guard


@frozen
class StoredItem:
    """An item of a query, with the types by their stored names."""

    types: frozenset[str]
    tags: frozenset[Tag]

    def matches(self, event: SequencedEvent) -> bool:
        """Whether an event is of any of the types and bears all of the tags."""
        return (not self.types or event.type in self.types) and self.tags <= set(event.tags)

    def __str__(self) -> str:
        if not self.types:
            return "every event"
        return "events of the types " + ", ".join(sorted(self.types))


@frozen
class Guarded:
    """What is guarded beside tags: types by their stored names, and whether everything is."""

    types: frozenset[str] = frozenset()
    everything: bool = False

    def of_event(self, event: SequencedEvent) -> list[str]:
        """The guards that appending an event moves."""
        names = [tag_guard(tag) for tag in event.tags]
        names += [type_guard(event.type)] if event.type in self.types else []
        return names + ([EVERYTHING] if self.everything else [])

    def enough(self, item: StoredItem) -> list[frozenset[str]]:
        """The sets of guards of which each stands for the item. Empty: none does."""
        if item.tags:
            return [frozenset({tag_guard(tag)}) for tag in sorted(item.tags)]
        if item.types and item.types <= self.types:
            return [frozenset(map(type_guard, item.types))]
        return [frozenset({EVERYTHING})] if self.everything else []


@frozen
class StoredQuery:
    """A query in stored names."""

    items: tuple[StoredItem, ...]

    @classmethod
    def of(cls, query: Query, name_of: Callable[[EventName], str]) -> StoredQuery:
        """A query with each type under its stored name. Raises `TypeError` for an unknown class."""
        return cls(tuple(StoredItem(frozenset(map(name_of, i.types)), i.tags) for i in query.items))

    def matches(self, event: SequencedEvent) -> bool:
        """Whether any of the items matches."""
        return any(item.matches(event) for item in self.items)

    def is_guarded(self, guarded: Guarded) -> bool:
        """Whether guards stand for the whole query."""
        return all(guarded.enough(item) for item in self.items)

    def guards(self, guarded: Guarded) -> list[str]:
        """Every guard that could stand for a part of it. Raises `NotGuarded`."""
        names: dict[str, None] = {}
        for item in self.items:
            enough = guarded.enough(item)
            if not enough:
                raise NotGuarded(str(item))
            names.update(dict.fromkeys(name for each in enough for name in sorted(each)))
        return list(names)

    def chosen(self, guarded: Guarded, states: Mapping[str, GuardState]) -> dict[str, GuardState]:
        """Guards that together stand for the query, of these: for each item the rarest.

        Raises `InvalidValue` where these are not enough.
        """

        def events(names: Iterable[str]) -> int:
            return sum(states[name].count for name in names)

        chosen: dict[str, GuardState] = {}
        for item in self.items:
            known = [names for names in guarded.enough(item) if names <= states.keys()]
            if not known:
                raise InvalidValue("condition", "was read for another query")
            chosen.update({name: states[name] for name in sorted(min(known, key=events))})
        return chosen
