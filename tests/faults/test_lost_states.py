"""States of projections whose answers or requests get lost: one's own write is never refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.errors import CommitOutcomeUnknown, StorageError
from application.ports.projection_store import Stamp, StateMoved
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.projections.states import TableProjectionStore
from tests.blobs import noise
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import (
    Fault,
    answer_lost,
    connection_reset,
    not_connected,
    request_lost,
)
from tests.projections import (
    ROSTER,
    heartbeat_table,
    heartbeats,
    instance,
    persist,
    projection_store,
    state_table,
)
from tests.stores import Store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

ATTEMPTS = 4
FAULTS = [answer_lost, connection_reset, request_lost, not_connected]


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore(FakeClock(NOW))


def over(store: Store, blobs: MemoryBlobStore) -> TableProjectionStore:
    return projection_store(state_table(store), blobs)


@pytest.fixture
def states(faulty: Faulty, blobs: MemoryBlobStore) -> TableProjectionStore:
    """The store of the instance in trouble."""
    return over(faulty.store, blobs)


@pytest.fixture
def others(faulty: Faulty, blobs: MemoryBlobStore) -> TableProjectionStore:
    """The same for the others."""
    return over(faulty.healthy, blobs)


def stored(states: TableProjectionStore) -> tuple[Stamp, bytes] | None:
    found = states.latest("roster", "1")
    return None if found is None else (found.stamp, states.data(found))


def meanwhile(faulty: Faulty, fault: Fault, others: Callable[[], object]) -> None:
    """One fault, after which others do something before the next attempt."""
    faulty.client.faults = [fault]

    def act() -> None:
        others()

    faulty.client.after_fault = act


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("size", [10, 400_000], ids=["inline", "offloaded"])
def test_a_state_is_stored_once(
    faulty: Faulty, states: TableProjectionStore, fault: Fault, size: int
) -> None:
    faulty.client.faults = [fault, fault]
    first = persist(states, noise(size))
    faulty.client.faults = [fault, fault]
    second = persist(states, noise(size, 2), first)

    assert (first, second) == (Stamp(1, 1), Stamp(1, 2))
    assert stored(states) == (second, noise(size, 2))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_first_state_after_a_deletion_is_stored_once(
    faulty: Faulty, states: TableProjectionStore, others: TableProjectionStore, fault: Fault
) -> None:
    persist(others)
    others.delete("roster", "1")
    faulty.client.faults = [fault, fault]

    assert persist(states, b"anew") == Stamp(2, 1)
    assert stored(others) == (Stamp(2, 1), b"anew")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_tombstone_is_left_once(
    faulty: Faulty, states: TableProjectionStore, fault: Fault
) -> None:
    stamp = persist(states)
    faulty.client.faults = [fault, fault]
    assert states.invalidate("roster", "1", stamp) == Stamp(2, 0)
    persist(states, expected=Stamp(2, 0))
    faulty.client.faults = [fault, fault]
    assert states.delete("roster", "1")
    assert stored(states) is None


def test_what_others_stored_first_refuses_a_write_whose_request_was_lost(
    faulty: Faulty, states: TableProjectionStore, others: TableProjectionStore
) -> None:
    stamp = persist(states)
    meanwhile(faulty, request_lost, lambda: persist(others, b"theirs", stamp))

    with pytest.raises(StateMoved) as refused:
        persist(states, b"ours", stamp)
    assert refused.value.found == Stamp(1, 2)
    assert stored(others) == (Stamp(1, 2), b"theirs")


@pytest.mark.parametrize("others_do", ["store", "invalidate", "delete"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "next"])
def test_a_write_that_others_went_on_from_is_not_taken_for_refused(
    faulty: Faulty,
    states: TableProjectionStore,
    others: TableProjectionStore,
    others_do: str,
    is_first: bool,
) -> None:
    stamp = None if is_first else persist(states)

    def go_on() -> object:
        found = others.latest("roster", "1")
        assert found is not None
        match others_do:
            case "store":
                return persist(others, b"theirs", found.stamp)
            case "invalidate":
                return others.invalidate("roster", "1", found.stamp)
            case _:
                return others.delete("roster", "1")

    meanwhile(faulty, answer_lost, go_on)
    with pytest.raises(CommitOutcomeUnknown):
        persist(states, b"ours", stamp)
    if others_do == "store":
        assert stored(others) == ((stamp or Stamp(1, 0)).of_next_state.of_next_state, b"theirs")
    if others_do == "delete":
        assert stored(others) is None


def test_a_deletion_that_others_stored_anew_after_is_not_repeated(
    faulty: Faulty, states: TableProjectionStore, others: TableProjectionStore
) -> None:
    persist(states)
    meanwhile(faulty, answer_lost, lambda: persist(others, b"anew"))

    with pytest.raises(CommitOutcomeUnknown):
        states.delete("roster", "1")
    assert stored(others) == (Stamp(2, 1), b"anew")


def test_a_deletion_goes_on_where_others_stored_before_it(
    faulty: Faulty, states: TableProjectionStore, others: TableProjectionStore
) -> None:
    stamp = persist(states)
    meanwhile(faulty, request_lost, lambda: persist(others, b"theirs", stamp))

    assert states.delete("roster", "1")
    assert stored(others) is None


def test_a_call_that_failed_can_be_repeated_under_its_id(
    faulty: Faulty, states: TableProjectionStore
) -> None:
    stamp = persist(states)
    faulty.client.faults = [answer_lost, *[request_lost] * (ATTEMPTS - 1)]
    with pytest.raises(StorageError) as failed:
        states.persist(ROSTER, b"second", stamp, "write-1")
    assert failed.value.maybe_applied

    assert states.persist(ROSTER, b"second", stamp, "write-1") == Stamp(1, 2)
    assert stored(states) == (Stamp(1, 2), b"second")


def test_an_item_that_is_not_stored_leaves_its_blob_to_the_collector(
    faulty: Faulty,
    states: TableProjectionStore,
    others: TableProjectionStore,
    blobs: MemoryBlobStore,
) -> None:
    persist(others, b"first")
    faulty.client.faults = [request_lost] * ATTEMPTS
    with pytest.raises(StorageError):
        persist(states, noise(400_000), Stamp(1, 1))

    assert stored(others) == (Stamp(1, 1), b"first")
    assert len(list(blobs.list("roster/1/"))) == 1
    assert list(others.referenced_blobs()) == []


def test_a_heartbeat_whose_answer_is_lost_is_there(faulty: Faulty) -> None:
    faulty.client.faults = [answer_lost, answer_lost]
    heartbeats(heartbeat_table(faulty.store)).beat(instance())

    assert heartbeats(heartbeat_table(faulty.healthy)).instances() == [instance()]
