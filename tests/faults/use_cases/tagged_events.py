"""Tagged events, as the fault matrix calls them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import evolve

from domain.tagged_events import AppendCondition, Query, Tag, TaggedEvent
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.samples.parcels import LineAdded, ParcelPaid, line
from tests.times import NOW

SHELF, VAN = Tag("shelf:1"), Tag("van:7")
ON_SHELF = Query.of(SHELF)
PAID_IN_VAN = Query.of(SHELF, VAN, types={ParcelPaid})


def added(sku: str, *tags: Tag) -> TaggedEvent:
    event = LineAdded(parcel_id="parcel-1", line=line(sku), occurred_at=NOW)
    return TaggedEvent(event=event, tags=tags)


def paid(*tags: Tag) -> TaggedEvent:
    event = ParcelPaid(parcel_id="parcel-1", amount_cents=7, occurred_at=NOW)
    return TaggedEvent(event=event, tags=tags)


def store(call: Callable[[Any], object]) -> Callable[[Service, Any], object]:
    return lambda service, _: call(service.container.dcb_store())


def two(service: Service) -> None:
    service.container.dcb_store().append([added("a", SHELF), added("b", SHELF, VAN)])


def decided(query: Query, *events: TaggedEvent) -> Callable[[Service, Any], object]:
    """Appends on what a read has seen; what is told is how many it saw."""

    def decide(dcb: Any) -> int:
        decision = dcb.read(query)
        dcb.append(events, decision.condition)
        return len(decision.events)

    return store(decide)


def append(*events: TaggedEvent, condition: AppendCondition | None = None) -> Any:
    return store(lambda dcb: dcb.append(events, condition) and len(events))


def unique(dcb: Any) -> None:
    dcb.append_if_unique(Tag("key"), added("c", SHELF))


OTHERS = {
    "another on the shelf": append(added("other", SHELF)),
    "another elsewhere": append(added("other", VAN)),
}


def appended(case: str, run: Callable[[Service, Any], object]) -> UseCase:
    return UseCase(name="dcb_store.append", case=case, prepare=two, run=run, others=OTHERS)


def reading(name: str, call: Callable[[Any], object]) -> UseCase:
    return UseCase(name=f"dcb_store.{name}", prepare=two, run=store(call))


def subscribed(dcb: Any) -> list[str]:
    """What a subscription gives that does not wait for the safe window, and stops when idle."""
    at_once = evolve(dcb, safe_window=timedelta(), wait=lambda stopping, seconds: stopping.set())
    with at_once.subscribe(Query.everything()) as subscription:
        return skus(subscription)


def skus(events: Any) -> list[str]:
    return [event.event.line.sku for event in events]


TAGGED_EVENTS = (
    appended("one event", append(added("c", SHELF))),
    appended("several boundaries, with a message", append(added("c", SHELF, VAN), paid(VAN))),
    appended("without a tag", append(added("c"))),
    appended("a decision", decided(ON_SHELF, added("c", SHELF))),
    appended("a decision on what others do not touch", decided(PAID_IN_VAN, paid(SHELF, VAN))),
    appended(
        "by a position", append(added("c", VAN), condition=AppendCondition(Query.of(Tag("new"))))
    ),
    appended("what is refused", append(added("c", VAN), condition=AppendCondition(ON_SHELF))),
    UseCase(name="dcb_store.append_if_unique", prepare=two, run=store(unique), others=OTHERS),
    reading("read", lambda dcb: skus(dcb.read(ON_SHELF).events)),
    reading("each", lambda dcb: skus(dcb.each(Query.everything()))),
    UseCase(
        name="dcb_store.subscribe",
        prepare=two,
        run=store(subscribed),
        renewed=("tagged-events",),
    ),
    reading("get", lambda dcb: dcb.get("nobody's")),
    reading("count", lambda dcb: dcb.count(ON_SHELF)),
    reading("latest_position", lambda dcb: dcb.latest_position() is not None),
    reading("has_tag", lambda dcb: dcb.has_tag(VAN)),
    reading("tags", lambda dcb: dcb.tags()),
)
