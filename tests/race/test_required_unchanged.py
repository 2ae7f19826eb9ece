"""Sixteen writers on two aggregates, each of which may change only while the other has not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import ConcurrencyConflict
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.samples.contexts import Unit
from tests.samples.parcels import Parcel, ParcelStatus, new_parcel
from tests.samples.people import Person, new_person
from tests.stores import Store
from tests.times import NOW

pytestmark = pytest.mark.race


def ban(unit: Unit, mine: str, other: str) -> None:
    """Bans a person while the other one is not banned."""
    person, unchanged = unit.people.get(mine), unit.people.get(other)
    if person.is_banned or unchanged.is_banned:
        raise ConcurrencyConflict("Person", other, 1, unchanged.version)
    person.ban(NOW)
    unit.people.save(person)
    unit.people.require_unchanged(unchanged)


def cancel(unit: Unit, mine: str, other: str) -> None:
    """Calls a parcel off while the other one is open."""
    parcel, unchanged = unit.parcels.get(mine), unit.parcels.get(other)
    if ParcelStatus.CANCELLED in (parcel.status, unchanged.status):
        raise ConcurrencyConflict("Parcel", other, 1, unchanged.version)
    parcel.cancel("two are too many", NOW)
    unit.parcels.save(parcel)
    unit.parcels.require_unchanged(unchanged)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
@pytest.mark.parametrize("change", [ban, cancel])
def test_one_of_many_changes_one_of_two(
    racing_store: Store, start: Start, change: Callable[[Unit, str, str], None]
) -> None:
    for number in range(rounds_on(racing_store)):
        pair = [f"{number}-a", f"{number}-b"]
        with racing_store.unit_of_work() as unit:
            for each in pair:
                unit.people.add(new_person(f"{each}@example.com", id=each))
                unit.parcels.add(new_parcel(id=each))
            unit.commit()

        def write(writer: int, ready: Callable[[], None], pair: list[str] = pair) -> str:
            mine, other = pair if writer % 2 else reversed(pair)
            with racing_store.unit_of_work() as unit:
                change(unit, mine, other)
                ready()
                unit.commit()
            return mine

        outcomes = race(write, start)

        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        with racing_store.unit_of_work() as unit:
            people = [unit.people.get(each) for each in pair]
            parcels = [unit.parcels.get(each) for each in pair]
        assert sum(map(is_changed, [*people, *parcels])) == 1


def is_changed(aggregate: Person | Parcel) -> bool:
    return aggregate.version > 1
