"""How many requests and items reading a stream takes, where commits are packed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, evolve, field

from domain.consistency import Exact, Loaded, StreamId
from infrastructure.dynamodb.gateway.gateway import Client
from tests.events.layouts import fill, in_layout
from tests.events.samples import OPTIONS, noted
from tests.stores import Store, dynamodb_store

STREAM = StreamId("Note", "1")
PLAN = [(3, True), (3, True), (1, False), (1, True), (4, True)]
"""Commits of the versions 1 to 3, 4 to 6, 7, 8, and 9 to 12."""


@define
class Watched:
    """A gateway that tells how many items each query read."""

    gateway: Any
    items: list[int] = field(factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.gateway, name)

    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        answer = self.gateway.call(operation, request)
        if operation == "Query":
            self.items.append(len(answer["Items"]))
        return answer


@pytest.fixture
def store(moto_client: Client) -> Store:
    """A store with a stream of both layouts."""
    store = evolve(dynamodb_store("moto", moto_client), options=OPTIONS)
    fill(store, STREAM, PLAN)
    return store


@pytest.mark.parametrize(
    ("bounds", "items"),
    [
        ({}, [5]),
        ({"backwards": True}, [5]),
        ({"last": 5}, [2]),
        ({"first": 4}, [4]),
        ({"first": 5}, [3, 1]),
        ({"first": 5, "last": 6}, [0, 1]),
        ({"first": 13}, [0, 1]),
        ({"limit": 3}, [1]),
        ({"limit": 4}, [2]),
        ({"first": 7, "limit": 2}, [2]),
        ({"backwards": True, "limit": 1}, [1]),
        ({"backwards": True, "limit": 4}, [1]),
        ({"backwards": True, "limit": 6}, [1, 2]),
        ({"backwards": True, "limit": 7}, [1, 2, 1]),
        ({"backwards": True, "last": 5, "limit": 2}, [1]),
        ({"backwards": True, "last": 5, "limit": 99}, [1, 1]),
        ({"first": 12, "last": 11}, []),
    ],
)
def test_no_more_items_are_read_than_have_wanted_events(
    store: Store, bounds: dict[str, Any], items: list[int]
) -> None:
    table = store.provider.events()
    watched = table._gateway = Watched(table._gateway)  # type: ignore[union-attr]  # of DynamoDB

    found = table.read(STREAM, **bounds)

    assert watched.items == items
    assert found.pages == len(items)


def test_a_stream_without_events_is_asked_for_once(store: Store) -> None:
    assert store.provider.events().read(StreamId("Note", "2")).pages == 1


@pytest.mark.parametrize(("expected", "requests"), [(Loaded(12), 1), (Exact(12), 2)])
def test_only_a_number_from_outside_costs_a_read(
    store: Store, expected: Loaded | Exact, requests: int
) -> None:
    packed = in_layout(store, packed=True).event_store()

    with store.meter.measure() as usage:
        packed.append(STREAM, noted(*"abcde"), expected)

    assert usage.requests == requests
