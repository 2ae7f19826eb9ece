"""Read, decide, append, and do it again when an event that matters was appended meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from application.idempotent_request import Keep
from application.ports.dcb_store import DcbStore, SequencedEvent
from application.ports.unit_of_work import UnitOfWorkFactory
from application.retry_on_conflict import retry_on_conflict
from domain.events import DomainEvent
from domain.tagged_events import Query, TaggedEvent

Decide = Callable[[Sequence[DomainEvent]], Sequence[TaggedEvent]]
"""Given what happened, what is to happen. It is called anew for each attempt."""


def append_decision(
    unit_of_work: UnitOfWorkFactory,
    dcb_store: DcbStore,
    query: Query,
    decide: Decide,
    keep: Keep[Sequence[DomainEvent]] | None = None,
) -> Sequence[DomainEvent]:
    """The events of the query with those that `decide` added, all committed or none.

    They are appended if no other event that matches the query was. If one was, it is read and
    decided anew, see `retry_on_conflict`; the last `AppendConditionFailed` is raised. No events
    are no write. `keep` stages what is kept of the result. Raises what `decide` raises.
    """

    def attempt() -> Sequence[DomainEvent]:
        read = dcb_store.read(query)
        happened = domain_events(read.events)
        decided = decide(happened)
        events = [*happened, *(each.event for each in decided)]
        with unit_of_work() as unit:
            unit.tagged_events.append(decided, read.condition)
            if keep is not None:
                keep(unit, events)
            unit.commit()
        return events

    return retry_on_conflict(attempt)


def domain_events(events: Iterable[SequencedEvent]) -> list[DomainEvent]:
    """What happened, without what was stored beside it."""
    return [each.event for each in events if isinstance(each.event, DomainEvent)]
