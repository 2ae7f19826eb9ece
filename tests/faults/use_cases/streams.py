"""The stream of events that several subjects append to and read."""

from __future__ import annotations

from domain.consistency import NoStream, StreamId
from domain.events import DomainEvent
from tests.faults.matrix.service import Service
from tests.samples.parcels import LineAdded, line
from tests.times import NOW

STREAM = StreamId("Parcel", "stream-1")


def lines(*skus: str) -> list[DomainEvent]:
    return [LineAdded(parcel_id=STREAM.id, line=line(sku), occurred_at=NOW) for sku in skus]


def two_events(service: Service) -> None:
    service.container.event_store().append(STREAM, lines("a", "b"), NoStream())
