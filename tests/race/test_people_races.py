"""Sixteen writers, round after round, in lockstep and staggered: exactly one wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import ConcurrencyConflict
from infrastructure.memory.provider import MemoryProvider
from tests.race.races import WRITERS, Start, errors_of, race, rounds_on
from tests.samples.people import Email, EmailTaken, Person, new_person
from tests.stores import Store
from tests.times import NOW

pytestmark = pytest.mark.race


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_registers_an_address(racing_store: Store, start: Start) -> None:
    rounds = rounds_on(racing_store)
    winners: list[str] = []
    for number in range(rounds):
        email = f"round{number}@example.com"

        def register(_: int, ready: Callable[[], None], email: str = email) -> str:
            person = new_person(email)
            with racing_store.unit_of_work() as unit:
                unit.people.add(person)
                ready()
                unit.commit()
            return person.id

        outcomes = race(register, start)
        assert errors_of(outcomes) == [EmailTaken] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, str))
        with racing_store.unit_of_work() as unit:
            assert unit.people.get_by_email(Email(email)).id == winner
        winners.append(winner)
    with racing_store.unit_of_work() as unit:
        assert len(unit.people.page(2 * rounds).items) == rounds
    assert claims_and_people(racing_store) == 2 * rounds
    assert told(racing_store) == sorted((winner, "PersonRegistered") for winner in winners)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_saves_a_version(racing_store: Store, start: Start) -> None:
    with racing_store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        unit.commit()
    for number in range(rounds_on(racing_store)):

        def save(writer: int, ready: Callable[[], None], version: int = number + 1) -> str:
            with racing_store.unit_of_work() as unit:
                person: Person = unit.people.get("ada")
                if person.version != version:
                    raise ConcurrencyConflict("Person", "ada", version, person.version)
                person.change_name(f"Writer {writer}", f"Round {version}", NOW)
                unit.people.save(person)
                ready()
                unit.commit()
            return person.first_name

        outcomes = race(save, start)
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, str))
        with racing_store.unit_of_work() as unit:
            person = unit.people.get("ada")
        assert (person.version, person.first_name) == (number + 2, winner)


@pytest.mark.parametrize("start", ["lockstep", "staggered"])
def test_one_of_many_changes_the_address_and_tells_of_it(racing_store: Store, start: Start) -> None:
    rounds = rounds_on(racing_store)
    with racing_store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        unit.commit()
    for number in range(rounds):

        def change(writer: int, ready: Callable[[], None], version: int = number + 1) -> Email:
            with racing_store.unit_of_work() as unit:
                person: Person = unit.people.get("ada")
                if person.version != version:
                    raise ConcurrencyConflict("Person", "ada", version, person.version)
                person.change_email(Email(f"{writer}.{version}@example.com"), NOW)
                unit.people.save(person)
                ready()
                unit.commit()
            return person.email

        outcomes = race(change, start)
        assert errors_of(outcomes) == [ConcurrencyConflict] * (WRITERS - 1)
        (winner,) = (outcome for outcome in outcomes if isinstance(outcome, Email))
        with racing_store.unit_of_work() as unit:
            assert unit.people.get_by_email(winner).version == number + 2
    assert claims_and_people(racing_store) == 2
    assert told(racing_store) == [("ada", "EmailChanged")] * rounds + [("ada", "PersonRegistered")]


def claims_and_people(store: Store) -> int:
    """How many records the table of people holds."""
    if isinstance(store.provider, MemoryProvider):
        return len(store.provider.database.keys("people"))
    answer = store.gateway.call("Scan", {"TableName": store.table("people")})
    return len(answer["Items"])


def told(store: Store) -> list[tuple[str, str]]:
    """The ordering key and the type of every message that waits, in order of these."""
    table = store.provider.outbox()
    keys = {entry.key.ordering_key for page in table.pending_pages() for entry in page}
    return sorted((key, each.message.message_type) for key in keys for each in table.read(key))
