"""Sixteen instances that store states of one projection at once: one of them wins each revision."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from application.ports.projection_store import Stamp, StateMoved
from infrastructure.projections.states import TableProjectionStore
from tests.projections import another, persist, projection_store, state_table
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.stores import Store

pytestmark = pytest.mark.race

LOSERS = [StateMoved] * (WRITERS - 1)


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    """Or else each would be done in memory before the next one has its turn."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def states(racing_store: Store) -> TableProjectionStore:
    return projection_store(state_table(racing_store))


def stored(states: TableProjectionStore) -> tuple[Stamp, bytes] | None:
    found = states.latest("roster", "1")
    return None if found is None else (found.stamp, states.data(found))


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
@pytest.mark.parametrize("is_deleted", [False, True], ids=["first of all", "first since deleted"])
def test_one_instance_stores_the_first_state(
    racing_store: Store, states: TableProjectionStore, start: Start, is_deleted: bool
) -> None:
    for number in range(rounds_on(racing_store)):
        version = str(number)
        if is_deleted:
            persist(states, version=version)
            states.delete("roster", version)

        def store(writer: int, ready: Callable[[], None], version: str = version) -> Stamp:
            instance = another(states)
            ready()
            return persist(instance, str(writer).encode(), version=version)

        outcomes = race(store, start)

        assert errors_of(outcomes) == LOSERS
        (winner,) = (n for n, each in enumerate(outcomes) if isinstance(each, Stamp))
        found = states.latest("roster", version)
        assert found is not None
        assert found.stamp == outcomes[winner] == Stamp(1 + is_deleted, 1)
        assert states.data(found) == str(winner).encode()


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_instance_stores_each_revision(
    racing_store: Store, states: TableProjectionStore, start: Start
) -> None:
    stamp = persist(states)
    for _ in range(rounds_on(racing_store)):

        def store(writer: int, ready: Callable[[], None], expected: Stamp = stamp) -> Stamp:
            instance = another(states)
            ready()
            return persist(instance, str(writer).encode(), expected)

        outcomes = race(store, start)

        assert errors_of(outcomes) == LOSERS
        (winner,) = (n for n, each in enumerate(outcomes) if isinstance(each, Stamp))
        stamp = stamp.of_next_state
        assert stored(states) == (stamp, str(winner).encode())


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_a_tombstone_holds_whoever_stores_meanwhile(
    racing_store: Store, states: TableProjectionStore, start: Start
) -> None:
    for number in range(rounds_on(racing_store)):
        version = str(number)
        expected = persist(states, version=version)

        def write(
            writer: int,
            ready: Callable[[], None],
            version: str = version,
            expected: Stamp = expected,
        ) -> Stamp:
            instance = another(states)
            ready()
            if writer % 2:
                return persist(instance, b"new", expected, version=version)
            return instance.invalidate("roster", version, expected)

        outcomes = race(write, start)

        assert errors_of(outcomes) == LOSERS
        (stamp,) = (each for each in outcomes if isinstance(each, Stamp))
        found = states.latest("roster", version)
        assert found is not None
        assert (found.stamp, found.is_live) == (stamp, stamp == expected.of_next_state)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_those_who_delete_is_told_that_it_did(
    racing_store: Store, states: TableProjectionStore, start: Start
) -> None:
    for _ in range(rounds_on(racing_store)):
        persist(states)

        def delete(writer: int, ready: Callable[[], None]) -> bool:
            instance = another(states)
            ready()
            return instance.delete("roster", "1")

        assert sorted(race(delete, start), key=str) == [False] * (WRITERS - 1) + [True]
        assert stored(states) is None


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_instances_that_follow_each_other_store_every_event_once(
    racing_store: Store, states: TableProjectionStore, start: Start
) -> None:
    """Each folds one event into the newest state, again and again until that is stored."""

    def fold(writer: int, ready: Callable[[], None]) -> int:
        instance = another(states)
        ready()
        for refused in range(1_000):
            found = instance.latest("roster", "1")
            data = b"" if found is None else instance.data(found)
            expected = None if found is None else found.stamp
            try:
                persist(instance, data + bytes([writer]), expected)
            except StateMoved:
                continue
            return refused
        raise AssertionError("never stored")

    assert not errors_of(race(fold, start))
    found = stored(states)
    assert found is not None
    assert (found[0], sorted(found[1])) == (Stamp(1, WRITERS), list(range(WRITERS)))
