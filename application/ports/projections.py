"""Reading what projectors have folded."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from application.projector import Projector
from domain.tagged_events import Position

StateT = TypeVar("StateT")


@frozen(kw_only=True)
class Projected(Generic[StateT]):
    """A state as it was stored last. It is behind the events: by the safe window, and a while.

    `events` are in it, `position` is how far the events were read for it, `updated` when it was
    stored, in UTC. `is_complete`: it has everything that was below the safe window at some time,
    which one that is being built has not.
    """

    state: StateT
    events: int
    position: Position | None
    updated: datetime
    is_complete: bool


class Projections(Protocol):
    """The states of projectors."""

    def read(self, projector: Projector[StateT]) -> Projected[StateT] | None:
        """The state of a projector's version; None where it is not built, or is to be rebuilt.

        Raises `StateUnreadable` for one that this version cannot have stored.
        """
        ...
