"""Which events become messages, and which messages they become."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from attrs import frozen

from application.integration_events import IntegrationEvent
from application.ports.event_store import EventMetadata
from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from domain.events import DomainEvent
from infrastructure.commit.participant import Commit, RecordedEvent
from infrastructure.outbox.writer import IntegrationEventRegistry, message_id
from tests.times import NOW


@frozen(kw_only=True)
class Shipped(DomainEvent):
    """Something left the house."""

    text: str = "parcel"
    weight: int = 1
    via: tuple[str, ...] = ("Kyoto",)


@frozen(kw_only=True)
class ShippedAbroad(Shipped):
    """It left the country too."""


@frozen(kw_only=True)
class Packed(DomainEvent):
    """It is still here."""


REGISTRY = IntegrationEventRegistry([IntegrationEvent("ParcelShipped", Shipped, "parcels")])


def commit(*events: DomainEvent) -> Commit:
    """A commit of events of one parcel, each with a version of its own, from 5."""
    metadata = EventMetadata(correlation_id="request", causation_id="command", actor="ada")
    return Commit(
        "commit-1",
        tuple(
            RecordedEvent(
                event=event,
                aggregate_type="Parcel",
                aggregate_id="parcel-1",
                version=version,
                metadata=metadata,
            )
            for version, event in enumerate(events, 5)
        ),
    )


def test_event_that_is_declared_leaves_with_all_that_is_known_of_it() -> None:
    later = NOW + timedelta(minutes=1)

    (message,) = REGISTRY.messages(commit(Shipped(occurred_at=later)))

    assert message == OutboxMessage(
        message_id="000000000005-000-commit-1",
        message_type="ParcelShipped",
        destination="parcels",
        ordering_key="parcel-1",
        payload=message.payload,
        headers={"aggregateVersion": "5"},
        aggregate_id="parcel-1",
        aggregate_type="Parcel",
        correlation_id="request",
        causation_id="command",
        created_at=later,
    )
    assert orjson.loads(message.payload) == {
        "occurred_at": "2046-11-20T12:01:00+00:00",
        "text": "parcel",
        "weight": 1,
        "via": ["Kyoto"],
    }


def test_event_that_is_not_declared_stays_and_keeps_its_place() -> None:
    events = [Shipped(occurred_at=NOW), Packed(occurred_at=NOW), Shipped(occurred_at=NOW)]

    messages = list(REGISTRY.messages(commit(*events)))

    assert [REGISTRY.is_declared(event) for event in events] == [True, False, True]
    assert [message.message_id for message in messages] == [
        "000000000005-000-commit-1",
        "000000000007-002-commit-1",
    ]


def test_kind_of_an_event_that_is_declared_is_another_event() -> None:
    abroad = ShippedAbroad(occurred_at=NOW)

    assert not REGISTRY.is_declared(abroad)
    assert list(REGISTRY.messages(commit(abroad))) == []


def test_ids_sort_by_version_and_then_by_place() -> None:
    ids = [
        message_id(version, index, "commit")
        for version in (1, 2, 9, 10, 99, 1_000, 10**12 - 1)
        for index in (0, 9, 10, 999)
    ]

    assert sorted(ids) == ids


@pytest.mark.parametrize(
    "event", [Shipped(occurred_at=NOW, text="\ud800"), Shipped(occurred_at=NOW, weight=2**64)]
)
def test_event_that_json_cannot_hold_is_refused(event: Shipped) -> None:
    with pytest.raises(InvalidValue, match="cannot be written as JSON") as refused:
        list(REGISTRY.messages(commit(event)))

    assert refused.value.field == "ParcelShipped"


@pytest.mark.parametrize(
    "twice",
    [
        IntegrationEvent("ParcelShipped", Packed, "parcels"),
        IntegrationEvent("ParcelSent", Shipped, "parcels"),
    ],
)
def test_name_or_event_that_is_declared_twice_is_refused(twice: IntegrationEvent) -> None:
    with pytest.raises(ValueError, match="declared twice"):
        IntegrationEventRegistry([IntegrationEvent("ParcelShipped", Shipped, "parcels"), twice])
