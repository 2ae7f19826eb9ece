"""The consistency boundary: identity, version, and the events recorded since the last commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field, setters

from domain.events import DomainEvent


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Aggregate:
    """Base of every aggregate.

    `version` counts the revisions committed so far; 0 means never stored.
    State changes only through behaviour: assigning an attribute from outside raises
    `attrs.exceptions.FrozenAttributeError`. Subclasses repeat the decorator of this class.
    """

    id: str
    version: int = 0
    _recorded: list[DomainEvent] = field(factory=list, init=False, repr=False)

    @property
    def recorded_events(self) -> tuple[DomainEvent, ...]:
        """The events recorded since the last commit, oldest first."""
        return tuple(self._recorded)

    def committed(self, version: int, events: Sequence[DomainEvent]) -> None:
        """Takes note that `version` is stored, with these of the recorded events.

        For the unit of work alone. Doing it again changes nothing.
        """
        self._set(version=version)
        stored = {id(event) for event in events}
        self._recorded[:] = [event for event in self._recorded if id(event) not in stored]

    def _set(self, **changes: Any) -> None:
        """Changes state from within, past the lock on assignment."""
        for name, value in changes.items():
            object.__setattr__(self, name, value)

    def _record(self, event: DomainEvent) -> None:
        self._recorded.append(event)
