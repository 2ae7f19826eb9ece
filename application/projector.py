"""Projectors: how a state is folded from tagged events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import frozen

from application.ports.dcb_store import SequencedEvent
from application.ports.projection_store import check_projector
from domain.tagged_events import Query

StateT = TypeVar("StateT")


@frozen(kw_only=True)
class Projector(Generic[StateT]):
    """Folds the events that match `query`, in their order, into one state.

    `name`, `version`, `payload_type` (what kind of state it is) and the fields of `state_type`, an
    attrs class, are stored. A change of these fields, of the query or of what `fold` does takes a
    new version, which is built from the beginning. `fold` gets decoded events, each once, and only
    returns the next state: it runs again where an instance died or the projection is rebuilt.
    Raises `InvalidValue` for a name or version that cannot be part of a key.
    """

    name: str
    version: str
    query: Query
    payload_type: str
    state_type: type[StateT]
    initial: Callable[[], StateT]
    fold: Callable[[StateT, SequencedEvent], StateT]

    def __attrs_post_init__(self) -> None:
        check_projector(self.name, self.version)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


AnyProjector: TypeAlias = Projector[Any]
"""A projector of whatever state."""
