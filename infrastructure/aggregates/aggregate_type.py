"""What the adapters of both providers need to know of an aggregate type, said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from attrs import field, fields, frozen
from cattrs import transform_error
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

from application.errors import UnreadableState
from domain.aggregate import Aggregate
from domain.errors import Conflict, InvalidValue, NotFound
from domain.event_sourced import EventSourced
from domain.events import DomainEvent
from infrastructure.limits import can_be_key
from infrastructure.serialization import CONVERTER

A = TypeVar("A", bound=Aggregate)

State = Mapping[str, Any]
"""An aggregate as plain data, by the names of its attributes."""


@frozen
class Unique(Generic[A]):
    """A value that at most one aggregate of its type may have.

    `name` becomes part of stored keys: never change it. `taken` makes the error that a second
    holder gets. A `value_of` that returns None claims nothing.
    """

    name: str
    value_of: Callable[[A], str | None]
    taken: Callable[[str], Conflict]

    def key(self, value: str) -> str:
        """The key of the claim on this value, beside the aggregates in their table."""
        return f"{CLAIM_PREFIX}{self.name}#{value}"


CLAIM_PREFIX = "CLAIM#"
"""Every claim's key starts so, and no aggregate's id may. Stored: never change it."""


MAX_ID = 1024
"""Bytes of an aggregate's id in UTF-8: as a key it must fit wherever it is repeated."""


@frozen
class AggregateType(Generic[A]):
    """One type of aggregate.

    `name` appears in errors, `table` is the logical table name, `cls` the aggregate's class.
    `listed_by` are the fields whose value can be listed by: texts of at least a character, or None.
    """

    name: str
    table: str
    cls: type[A]
    not_found: Callable[[str], NotFound]
    unique: tuple[Unique[A], ...] = ()
    listed_by: tuple[str, ...] = field(default=())

    @listed_by.validator
    def _check_fields(self, _: object, listed_by: tuple[str, ...]) -> None:
        unknown = set(listed_by) - {each.name for each in fields(self.cls)}
        if unknown:
            raise TypeError(f"{self.name} has no fields {sorted(unknown)} to be listed by")

    def to_state(self, aggregate: A) -> State:
        """The aggregate as plain data; shares nothing with it."""
        state: State = CONVERTER.unstructure(aggregate, unstructure_as=self.cls)
        return state

    def from_state(self, state: State) -> A:
        """The aggregate as it was stored, whatever today's rules say.

        Raises `UnreadableState` where it no longer fits the class.
        """
        try:
            return CONVERTER.structure(state, self.cls)
        except (BaseValidationError, StructureHandlerNotFoundError) as error:
            problems = "; ".join(transform_error(error))
            raise UnreadableState(self.name, str(state.get("id")), problems) from error

    def revisions(self, events: Sequence[DomainEvent]) -> int:
        """By how much committing these events raises the version: a state, by one revision.

        The version of an event-sourced aggregate is the number of its events.
        """
        return len(events) if self._is_event_sourced else 1

    def versions(self, expected: int, events: Sequence[DomainEvent]) -> Sequence[int]:
        """The version that each event belongs to when they are committed after `expected`."""
        if self._is_event_sourced:
            return range(expected + 1, expected + len(events) + 1)
        return [expected + 1] * len(events)

    @property
    def _is_event_sourced(self) -> bool:
        return issubclass(self.cls, EventSourced)

    def claims(self, aggregate: A) -> dict[str, tuple[Unique[A], str]]:
        """The claims that the aggregate's present values need, by their key."""
        needed = {}
        for unique in self.unique:
            value = unique.value_of(aggregate)
            if value is not None:
                needed[unique.key(value)] = (unique, value)
        return needed

    def is_id(self, text: str) -> bool:
        """Whether an aggregate may have this id: it can be a key, and is not that of a claim."""
        return can_be_key(text, MAX_ID) and not text.startswith(CLAIM_PREFIX)

    def check_id(self, aggregate: A) -> None:
        """Raises `InvalidValue` for an id that no aggregate may have."""
        if not self.is_id(aggregate.id):
            raise InvalidValue(
                "id", f"must be 1 to {MAX_ID} printable bytes that do not start a claim's key"
            )
