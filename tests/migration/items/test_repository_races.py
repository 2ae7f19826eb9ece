"""Many writers of one table, and answers that get lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from application.errors import Throttled
from infrastructure.dynamodb.gateway.gateway import Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.engines import LocalEngine
from infrastructure.metering import Meter
from infrastructure.migration.conversion.records import Record
from infrastructure.migration.repository.conflicts import ItemChanged, UniqueValueTaken
from infrastructure.migration.repository.repository import ContractRepository
from tests.faults.faulty_client import (
    FaultyClient,
    answer_lost,
    connection_reset,
    contended,
    request_lost,
)
from tests.migration.items.shelves import repositories
from tests.stores import Store, client_of, dynamodb_store

pytestmark = pytest.mark.engine

WRITERS = 6
ADA: Record = {"id": 7, "email": "ada@b", "first": "Ada", "last": "Lovelace"}

Write = Callable[[ContractRepository], object]


@pytest.fixture
def faulty(engine: LocalEngine) -> tuple[ContractRepository, ContractRepository, FaultyClient]:
    """Two ways to one table: one through a healthy network, one through one that fails."""
    client = FaultyClient(client_of(engine.endpoint_url))
    gateway = Gateway(client, Meter(), RetryPolicy(sleep=lambda _: None))
    store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
    return repositories(store)[0], repositories(store, gateway)[0], client


def _all_at_once(write: Callable[[int], object]) -> list[object]:
    barrier = Barrier(WRITERS)

    def run(number: int) -> object:
        barrier.wait()
        for _ in range(20):
            try:
                return write(number)
            except Throttled:
                continue  # others were at it: nothing was written
            except (UniqueValueTaken, ItemChanged) as refused:
                return refused
        raise AssertionError("throttled all the time")

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


@pytest.mark.race
def test_of_writers_that_want_one_unique_value_exactly_one_gets_it(
    ministack_store: Store,
) -> None:
    users = repositories(ministack_store)[0]
    results = _all_at_once(lambda n: users.put({"id": n, "email": "same@b"}))
    winners = [each for each in results if not isinstance(each, UniqueValueTaken)]
    assert len(winners) == 1
    assert users.get_by_unique({"email": "same@b"}) == winners[0]
    stored = [users.get({"id": number}) for number in range(WRITERS)]
    assert [each for each in stored if each is not None] == winners


@pytest.mark.race
def test_of_writers_that_expect_the_same_record_exactly_one_replaces_it(
    ministack_store: Store,
) -> None:
    users = repositories(ministack_store)[0]
    before = users.put(ADA)
    results = _all_at_once(lambda n: users.put({**ADA, "city": f"{n}"}, expected=before))
    winners = [each for each in results if not isinstance(each, ItemChanged)]
    assert winners == [users.get({"id": 7})]


@pytest.mark.race
def test_no_update_of_another_attribute_is_lost(ministack_store: Store) -> None:
    users = repositories(ministack_store)[0]
    users.put(ADA)
    changes: list[Record] = [
        {"city": "London"},
        {"email": "new@b"},
        {"last": "King"},
        {"tags": frozenset({"a"})},
        {"photo": b"x"},
        {"settings": {"a": 1}},
    ]
    _all_at_once(lambda n: users.update({"id": 7}, changes[n]))
    found = users.get({"id": 7})
    assert found is not None
    for change in changes:
        assert change.items() <= found.items()
    assert users.get_by_unique({"email": "new@b"}) == found
    assert users.get_by_unique({"first": "Ada", "last": "Lovelace"}) is None


@pytest.mark.race
def test_a_value_that_goes_to_and_fro_is_never_held_by_two(ministack_store: Store) -> None:
    users = repositories(ministack_store)[0]

    def write(number: int) -> object:
        if number % 2:
            users.delete({"id": number // 2})
            return None
        return users.put({"id": number // 2, "email": "same@b"})

    _all_at_once(write)
    holders = [each for n in range(3) if (each := users.get({"id": n})) is not None]
    assert len(holders) <= 1
    if not holders:  # then nothing is left behind that would refuse the next one
        holders = [users.put({"id": 99, "email": "same@b"})]
    assert users.get_by_unique({"email": "same@b"}) == holders[0]


@pytest.mark.parametrize("fault", [answer_lost, connection_reset, request_lost, contended])
@pytest.mark.parametrize(
    "write",
    [
        lambda users: users.put({**ADA, "city": "London"}),
        lambda users: users.put({**ADA, "city": "London"}, expected=ADA),
        lambda users: users.update({"id": 7}, {"city": "London"}),
    ],
    ids=["put", "put expecting", "update"],
)
def test_a_write_whose_answer_is_lost_is_reported_as_what_it_is(
    faulty: tuple[ContractRepository, ContractRepository, FaultyClient],
    write: Write,
    fault: Callable[..., object],
) -> None:
    healthy, unlucky, client = faulty
    healthy.put(ADA)
    client.faults = [fault]
    assert (
        write(unlucky)
        == healthy.get({"id": 7})
        == {
            **ADA,
            "city": "London",
            "label": "Ada Lovelace",
        }
    )


def test_a_creation_whose_answer_is_lost_is_no_conflict(
    faulty: tuple[ContractRepository, ContractRepository, FaultyClient],
) -> None:
    healthy, unlucky, client = faulty
    client.faults = [answer_lost, answer_lost]
    created = unlucky.put(ADA, expected=None)
    assert healthy.get({"id": 7}) == created
    client.faults = [answer_lost]
    unlucky.delete({"id": 7}, expected=created)
    assert healthy.get({"id": 7}) is None


def test_what_others_wrote_after_a_lost_answer_stays(
    faulty: tuple[ContractRepository, ContractRepository, FaultyClient],
) -> None:
    healthy, unlucky, client = faulty
    client.faults = [answer_lost]
    client.after_fault = lambda: healthy.put({**ADA, "city": "theirs"})
    unlucky.put({**ADA, "city": "ours"}, expected=None)
    found = healthy.get({"id": 7})
    assert found is not None
    assert found["city"] == "theirs"


def test_a_refusal_after_a_lost_request_is_a_refusal(
    faulty: tuple[ContractRepository, ContractRepository, FaultyClient],
) -> None:
    healthy, unlucky, client = faulty
    client.faults = [request_lost]
    client.after_fault = lambda: healthy.put({**ADA, "id": 8})
    with pytest.raises(UniqueValueTaken):
        unlucky.put(ADA)
    assert healthy.get({"id": 7}) is None
