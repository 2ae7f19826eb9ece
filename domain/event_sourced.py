"""Aggregates whose stored form is the history of what happened to them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from attrs import define, setters

from domain.aggregate import Aggregate
from domain.events import DomainEvent


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class EventSourced(Aggregate):
    """Base of event-sourced aggregates: `version` counts the events stored so far.

    Behaviour checks its rules and lets an event happen; only `apply` changes state, and it never
    refuses: what happened, happened. Every attribute but the id has a default.
    """

    @abstractmethod
    def apply(self, event: DomainEvent) -> None:
        """Changes state as the event says. Events that do not matter to it are passed over."""

    def replay(self, events: Iterable[DomainEvent]) -> None:
        """Takes in stored events that follow the present version."""
        for event in events:
            self.apply(event)
            self._set(version=self.version + 1)

    def _trigger(self, event: DomainEvent) -> None:
        self.apply(event)
        self._record(event)
