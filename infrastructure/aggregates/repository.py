"""The repository of a state-stored type, over its table on either provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from attrs import frozen
from typing_extensions import override

from application.errors import UnreadableState
from domain.aggregate import Aggregate
from domain.errors import InvalidValue
from domain.repository import Page, Repository
from infrastructure.aggregates.aggregate_type import Unique
from infrastructure.aggregates.changes import Stored, TrackedTable
from infrastructure.aggregates.cursors import Cursors, ListingPosition
from infrastructure.aggregates.tracker import TrackedRepository

A = TypeVar("A", bound=Aggregate)

CLAIM_READS = 3
"""How often a lookup follows a claim that was moved while it looked."""


@frozen
class ScannedPage:
    """Some of the aggregates of a table, in its own order. `following` asks for the next page."""

    found: tuple[Stored | UnreadableState, ...]
    following: str | None


class AggregateTable(TrackedTable, Protocol):
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

    def ids_after(self, aggregate_id: str, limit: int, shards: int) -> list[str]:
        """Up to `limit` ids greater than this one, ascending. May lag behind commits."""
        ...

    def ids_by(self, field: str, value: str, after: str, limit: int) -> list[str]:
        """The same of those that have this value of a field, by an index that may lag behind."""
        ...

    def scan(self, after: str | None) -> ScannedPage:
        """Every aggregate page by page, listed or not: the first page, or that after this one."""
        ...


@frozen
class StateRepository(TrackedRepository[A], Repository[A]):
    """The repository of a state-stored type, with batches, lookups and listing."""

    _table: AggregateTable
    _cursors: Cursors

    @override
    def remove(self, aggregate: A, /) -> None:
        self._tracker.remove(aggregate)

    def get_many(self, aggregate_ids: Iterable[str]) -> list[A]:
        """Those that exist, in the order asked for, each once."""
        wanted = [i for i in dict.fromkeys(aggregate_ids) if self._tracker.type.is_id(i)]
        unread = [i for i in wanted if not self._tracker.knows(i)]
        read = {stored.state["id"]: stored for stored in self._table.read_many(unread)}
        # In the order asked for: what is tracked first is written first, and refused first.
        for aggregate_id in filter(read.__contains__, unread):
            self._tracker.loaded(read[aggregate_id])
        return self._tracker.present(wanted)

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
        raise self._tracker.type.not_found(value)

    def page(self, size: int, cursor: str | None = None) -> Page[A]:
        """Up to `size` aggregates in the order of their ids, from after `cursor`.

        Raises `InvalidValue` for a cursor that was not issued by this listing.
        """
        position = self._cursors.read(self._table.name, cursor)
        shards = max(position.shards, self._table.shards)

        def ids(after: str, limit: int) -> list[str]:
            return self._table.ids_after(after, limit, shards)

        found, after = self._filled(size, position.after, ids, lambda _: True)
        return self._page(self._table.name, found, after, shards)

    def page_by(self, field: str, value: str, size: int, cursor: str | None = None) -> Page[A]:
        """The same of those that have this value of a field that the type is `listed_by`.

        None that has another value by now, and maybe not yet those that got it just before. Raises
        `TypeError` for another field.
        """
        if field not in self._tracker.type.listed_by:
            raise TypeError(f"{self._tracker.type.name} is not listed by {field}")
        listing = f"{self._table.name} by {field} {value}"

        def ids(after: str, limit: int) -> list[str]:
            return self._table.ids_by(field, value, after, limit)

        def has_value(aggregate: A) -> bool:
            return bool(self._tracker.type.to_state(aggregate)[field] == value)

        start = self._cursors.read(listing, cursor).after
        found, after = self._filled(size, start, ids, has_value)
        return self._page(listing, found, after, 1)

    def _filled(
        self,
        size: int,
        after: str,
        ids_after: Callable[[str, int], list[str]],
        belongs: Callable[[A], bool],
    ) -> tuple[list[A], str | None]:
        """Up to `size` aggregates, and the last id that was looked at; None: there are no more."""
        if size < 1:
            raise InvalidValue("size", "must be at least 1")
        found = list[A]()
        while True:
            wanted = size - len(found)
            ids = ids_after(after, wanted + 1)
            found += filter(belongs, self.get_many(ids[:wanted]))
            if len(ids) <= wanted:
                return found, None
            after = ids[wanted - 1]
            if len(found) == size:
                return found, after

    def _page(self, listing: str, found: list[A], after: str | None, shards: int) -> Page[A]:
        if after is None:
            return Page(tuple(found), None)
        return Page(tuple(found), self._cursors.issue(listing, ListingPosition(after, shards)))
