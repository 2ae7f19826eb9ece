"""The comparison itself, as short as it can be, with the peers that our own environment has."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from domain.consistency import Loaded, StreamId
from infrastructure.engines import LocalEngine
from scripts.bench import data
from scripts.bench.__main__ import measure
from scripts.bench.background import Background
from scripts.bench.data import Item, Place
from scripts.bench.operations import BARE, PEERS, STORED
from scripts.bench.peers.bare import Connection
from scripts.bench.peers.dynastrata import container_at, line_added, new_user
from scripts.bench.results import Results, Units
from scripts.bench.startup import STARTUP

pytestmark = pytest.mark.engine

HERE = Path(sys.executable)
MEASURED = [peer for peer in PEERS if peer.module in {"bare", "dynastrata", "pynamodb_models"}]
SHORT = [evolve(operation, batch=operation.threads) for operation in STORED]


@pytest.fixture(scope="module")
def results(ministack: LocalEngine) -> Results:
    """One round of everything, but for the replay, whose events take long to make."""
    return measure(
        ministack.endpoint_url,
        HERE,
        peers=MEASURED,
        stored=SHORT,
        replay=(),
        seconds=0,
        rounds=1,
    )


def test_every_peer_is_measured_on_every_operation(results: Results) -> None:
    titles = {peer.title for peer in MEASURED}
    measured = {operation: set(by_peer) for operation, by_peer in results.figures.items()}
    assert measured == {
        **{operation.title: titles for operation in STORED},
        STARTUP: titles,
    }


def test_everything_takes_time_and_memory(results: Results) -> None:
    figures = [each for by_peer in results.figures.values() for each in by_peer.values()]
    assert all(figure.cpu.median > 0 and figure.wall.median > 0 for figure in figures)
    assert all(summary.median > 0 for summary in results.memory.values())


def test_all_peers_request_and_pay_the_same(results: Results) -> None:
    same = {operation: set(by_peer.values()) for operation, by_peer in results.units.items()}
    assert same == {
        "read one user": {Units(1, 1, 0)},
        "read and save one user": {Units(2, 1, 1)},
        "register a user": {Units(1, 0, 6)},
        "read and save 3 users at once": {Units(2, 3, 6)},
        "list 500 users": {Units(6, 501.5, 0)},
        "append 1 event": {Units(1, 0, 1)},
        "append 5 events": {Units(1, 0, 10)},
        "append 50 events": {Units(1, 0, 100)},
        "load 1,000 events": {Units(1, 165, 0)},
    }


def test_the_items_of_the_peers_are_those_of_the_service(
    results: Results, ministack: LocalEngine
) -> None:
    place = Place(ministack.endpoint_url, "bench-", BARE.module)
    container = container_at(place)
    with container.unit_of_work() as unit:
        unit.users.add(new_user("same"))
        unit.commit()
    container.event_store().append(StreamId("Order", "same"), [line_added("same")], Loaded(0))

    stored = {
        "users": data.user("same"),
        "outbox": data.message("same"),
        "events": data.event("same", 1, 1),
    }
    for table, item in stored.items():
        assert shape(found(place, table, item)) == shape(data.typed(item))


def test_relaying_is_measured_on_all_of_its_messages(ministack: LocalEngine) -> None:
    background = Background(Place(ministack.endpoint_url, "background-", BARE.module))
    assert [background.relay().wall > 0 for _ in range(2)] == [True, True]


def found(place: Place, table: str, item: Item) -> Item:
    """What is stored below the partition key of an item."""
    key = "id" if "id" in item else "pk"
    query = {
        "TableName": place.table(table),
        "KeyConditionExpression": "#0 = :0",
        "ExpressionAttributeNames": {"#0": key},
        "ExpressionAttributeValues": {":0": {"S": item[key]}},
    }
    with closing(Connection(place.endpoint_url)) as connection:
        (stored,) = connection.call("Query", query)["Items"]
    one: Item = stored
    return one


def shape(item: Item) -> dict[str, object]:
    """Names, types, and the lengths of what is stored."""
    return {
        name: {kind: len(str(value)) for kind, value in of.items()} for name, of in item.items()
    }
