"""Changes of aggregates: what is to be written, and how a table plans it."""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

from domain.aggregate import Aggregate
from domain.events import DomainEvent
from infrastructure.aggregates.aggregate_type import State, Unique
from infrastructure.commit.participant import Action, Commit

A = TypeVar("A", bound=Aggregate)


class Intent(Enum):
    """What the commit is to do with a tracked aggregate."""

    KEEP = "keep"
    ADD = "add"
    SAVE = "save"
    REMOVE = "remove"


@frozen
class Stored:
    """An aggregate as it was read. A table that keeps more beside the state derives from this.

    `claims` are the keys of those it holds, None where what is stored does not tell. It is not
    complete where today's code would store more of it: its claims, its place in the listing.
    """

    state: State
    claims: frozenset[str] | None = frozenset()
    is_complete: bool = True


@frozen
class AggregateChange(Generic[A]):
    """One aggregate to write.

    `expected` is the version it follows, `version` the new one, which is in `state` too.

    `events` are those that the aggregate recorded, oldest first. `claims` are the keys of those it
    holds afterwards: `taken` are new, by key, and `freed` are those it gives up.
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
    claims: frozenset[str]
    taken: dict[str, tuple[Unique[A], str]]
    freed: frozenset[str]
    handed_over: frozenset[str] = frozenset()


@frozen
class Plan:
    """The actions that write one change, and what is stored afterwards."""

    actions: tuple[Action, ...]
    stored: Stored


class TrackedTable(Protocol):
    """Where the aggregates of one type are stored. Reads are strongly consistent."""

    def read(self, aggregate_id: str) -> Stored | None:
        """The aggregate as last committed."""
        ...

    def holder(self, claim_key: str) -> str | None:
        """The id of the aggregate that holds this claim."""
        ...

    def plan(self, change: AggregateChange[Any], commit: Commit) -> Plan:
        """How to write this change: refused unless its expected version is what is stored."""
        ...

    def check(self, stored: Stored) -> Action:
        """The action that writes nothing, and is refused unless this version is what is stored."""
        ...
