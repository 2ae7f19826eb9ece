"""Makes the tables of a run, and what is in them before anything is measured."""

from __future__ import annotations

from typing import Any

import boto3

from api.container import Container
from domain.consistency import Loaded, StreamId
from infrastructure.settings.events import EventsLayout
from scripts.bench import data
from scripts.bench.data import Place
from scripts.bench.peers.dynastrata import container_at, line_added, new_user

_USERS_AT_ONCE = 25
_EVENTS_AT_ONCE = 100
_PACKED_AT_ONCE = 5


def prepare(place: Place) -> None:
    """The tables of the service, 500 users, two streams of 1,000 events, and a table for others."""
    container = container_at(place)
    container.table_initializer().create_missing()
    for first in range(0, data.USERS, _USERS_AT_ONCE):
        with container.unit_of_work() as unit:
            for number in range(first, first + _USERS_AT_ONCE):
                unit.users.add(new_user(data.user_id(number)))
            unit.commit()
    _fill(container, "item_per_event", _EVENTS_AT_ONCE)
    _fill(container_at(place, "packed"), "packed", _PACKED_AT_ONCE)
    _create_table_of_eventsourcing(place)


def _fill(container: Container, layout: EventsLayout, at_once: int) -> None:
    store, version, id_ = container.event_store(), Loaded(0), data.LONG[layout]
    for _ in range(data.EVENTS // at_once):
        version = store.append(StreamId("Order", id_), [line_added(id_)] * at_once, version)


def _create_table_of_eventsourcing(place: Place) -> None:
    client: Any = boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=place.endpoint_url,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 a local engine ignores it
    )
    client.create_table(
        TableName=place.table("eventsourcing"),
        KeySchema=[
            {"AttributeName": "originator_id", "KeyType": "HASH"},
            {"AttributeName": "originator_version", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "originator_id", "AttributeType": "S"},
            {"AttributeName": "originator_version", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
