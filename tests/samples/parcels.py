"""Parcels: event-sourced; others are told of some of their events."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from attrs import define, field, frozen, setters

from application.integration_events import IntegrationEvent
from domain.errors import NotFound, RuleViolation
from domain.event_sourced import EventSourced as EventSourcedAggregate
from domain.events import DomainEvent
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.aggregates.tracker import TrackedRepository
from infrastructure.contexts.context import Context, EventSourced
from infrastructure.events.registry import EventType
from tests.times import NOW


@frozen
class ParcelNotFound(NotFound):
    """No parcel has this id."""

    aggregate_type: str = field(default="Parcel", init=False)
    aggregate_id: str


@frozen
class ParcelIsClosed(RuleViolation):
    """A paid or cancelled parcel does not change any more."""

    status: str


@frozen
class LineExists(RuleViolation):
    """The parcel has a line of this article already."""

    sku: str


@frozen
class LineNotFound(RuleViolation):
    """The parcel has no line of this article, or no other one."""

    sku: str


class ParcelStatus(Enum):
    """Where a parcel stands."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


@frozen(kw_only=True)
class Line:
    """So many of one thing, at a price in cents each."""

    sku: str
    title: str
    quantity: int
    unit_price_cents: int


@frozen(kw_only=True)
class ParcelEvent(DomainEvent):
    """Something that happened to one parcel."""

    parcel_id: str


@frozen(kw_only=True)
class ParcelPlaced(ParcelEvent):
    """A parcel of these lines is to be sent."""

    sender_id: str
    lines: tuple[Line, ...]


@frozen(kw_only=True)
class LineAdded(ParcelEvent):
    """A line was added. Nobody else is told."""

    line: Line


@frozen(kw_only=True)
class LineRemoved(ParcelEvent):
    """The line of this article was removed. Nobody else is told."""

    sku: str


@frozen(kw_only=True)
class ParcelPaid(ParcelEvent):
    """The parcel was paid."""

    amount_cents: int


@frozen(kw_only=True)
class ParcelCancelled(ParcelEvent):
    """The parcel was called off."""

    reason: str


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Parcel(EventSourcedAggregate):
    """Open until it is paid or cancelled."""

    sender_id: str = ""
    lines: tuple[Line, ...] = ()
    status: ParcelStatus = ParcelStatus.OPEN

    @classmethod
    def place(cls, *, id: str, sender_id: str, lines: tuple[Line, ...], now: datetime) -> Parcel:
        """A new parcel, not stored yet."""
        parcel = cls(id=id)
        parcel._trigger(
            ParcelPlaced(parcel_id=id, sender_id=sender_id, lines=lines, occurred_at=now)
        )
        return parcel

    def add_line(self, line: Line, now: datetime) -> None:
        self._check_open()
        if self._has(line.sku):
            raise LineExists(line.sku)
        self._trigger(LineAdded(parcel_id=self.id, line=line, occurred_at=now))

    def remove_line(self, sku: str, now: datetime) -> None:
        self._check_open()
        if not self._has(sku) or len(self.lines) == 1:
            raise LineNotFound(sku)
        self._trigger(LineRemoved(parcel_id=self.id, sku=sku, occurred_at=now))

    def pay(self, now: datetime) -> None:
        self._check_open()
        cents = sum(line.quantity * line.unit_price_cents for line in self.lines)
        self._trigger(ParcelPaid(parcel_id=self.id, amount_cents=cents, occurred_at=now))

    def cancel(self, reason: str, now: datetime) -> None:
        self._check_open()
        self._trigger(ParcelCancelled(parcel_id=self.id, reason=reason, occurred_at=now))

    def apply(self, event: DomainEvent) -> None:
        match event:
            case ParcelPlaced():
                self._set(sender_id=event.sender_id, lines=event.lines)
            case LineAdded():
                self._set(lines=(*self.lines, event.line))
            case LineRemoved():
                self._set(lines=tuple(line for line in self.lines if line.sku != event.sku))
            case ParcelPaid():
                self._set(status=ParcelStatus.PAID)
            case ParcelCancelled():
                self._set(status=ParcelStatus.CANCELLED)

    def _has(self, sku: str) -> bool:
        return any(line.sku == sku for line in self.lines)

    def _check_open(self) -> None:
        if self.status is not ParcelStatus.OPEN:
            raise ParcelIsClosed(self.status.value)


PARCEL = AggregateType("Parcel", "events", Parcel, not_found=ParcelNotFound)

DESTINATION = "parcels"

PARCEL_INTEGRATION_EVENTS = tuple(
    IntegrationEvent(event.__name__, event, DESTINATION)
    for event in (ParcelPlaced, ParcelPaid, ParcelCancelled)
)

PARCELS = Context(
    repositories={"parcels": EventSourced(PARCEL, TrackedRepository)},
    event_types=tuple(
        EventType(event.__name__, event)
        for event in (ParcelPlaced, LineAdded, LineRemoved, ParcelPaid, ParcelCancelled)
    ),
    integration_events=PARCEL_INTEGRATION_EVENTS,
)


def line(sku: str = "algebra", *, quantity: int = 1, cents: int = 4_900) -> Line:
    """So many courses of this article."""
    return Line(sku=sku, title="A course", quantity=quantity, unit_price_cents=cents)


def new_parcel(*skus: str, id: str = "parcel-1", sender_id: str = "ada") -> Parcel:
    """A parcel placed at `NOW`, not stored yet."""
    lines = tuple(line(sku) for sku in skus or ("algebra", "weaving"))
    return Parcel.place(id=id, sender_id=sender_id, lines=lines, now=NOW)
