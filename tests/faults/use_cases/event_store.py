"""The event store, as the fault matrix calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from attrs import evolve

from domain.consistency import Anything, Exact, Loaded, NoStream, StreamExists
from domain.events import DomainEvent
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.streams import STREAM, lines, two_events
from tests.samples.parcels import ParcelPaid
from tests.times import NOW


def paid() -> list[DomainEvent]:
    return [ParcelPaid(parcel_id=STREAM.id, amount_cents=1, occurred_at=NOW)]


def store(call: Callable[[Any], object]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(service.container.event_store())


def one_by_one(service: Service, _: object) -> object:
    events = evolve(service.container.event_store(), transactional=False)
    return events.append(STREAM, lines("x", "y"), Loaded(2))


def packing(service: Service) -> Any:
    """The event store that writes each commit as one item."""
    container = service.container
    units = copy(container.units_of_work())
    units.events = evolve(container.store(), packed_events=True).events()
    return evolve(container.event_store(), table=units.events, unit_of_work=units)


def packed(events: Sequence[DomainEvent], expected: Any) -> Callable[[Service, Any], object]:
    return lambda service, _: packing(service).append(STREAM, events, expected)


def another_append(service: Service, _: object) -> None:
    service.container.event_store().append(STREAM, lines("other"), Anything())


def another_packed(service: Service, _: object) -> None:
    packing(service).append(STREAM, lines("other", "too"), Anything())


def appended(case: str, events: Sequence[DomainEvent], expected: Any) -> UseCase:
    return UseCase(
        name="event_store.append",
        case=case,
        prepare=two_events,
        run=store(lambda s: s.append(STREAM, events, expected)),
        others={"another append": another_append},
    )


EVENT_STORE = (
    appended("one event", lines("c"), Loaded(2)),
    appended("one with a message", paid(), Loaded(2)),
    appended("several", lines("c", "d", "e"), Exact(2)),
    appended("after whatever is there", lines("c"), Anything()),
    appended("after something", lines("c", "d"), StreamExists()),
    appended("to another version", lines("c"), Exact(1)),
    appended("to a new stream", lines("c"), NoStream()),
    UseCase(name="event_store.append", case="one by one", prepare=two_events, run=one_by_one),
    UseCase(
        name="event_store.append",
        case="packed",
        prepare=two_events,
        run=packed(lines("c", "d"), Loaded(2)),
        others={"another append": another_append, "one that is packed": another_packed},
    ),
    UseCase(
        name="event_store.read", prepare=two_events, run=store(lambda s: s.read(STREAM).events)
    ),
    UseCase(name="event_store.version", prepare=two_events, run=store(lambda s: s.version(STREAM))),
)
