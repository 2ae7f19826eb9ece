"""Receiving a message: when it is decided anew, and when it is given up."""

from __future__ import annotations

import pytest
from attrs import define

from application.idempotent_receiver import Delivery, process_once
from application.retry_on_conflict import MAX_ATTEMPTS
from domain.errors import ConcurrencyConflict
from infrastructure.memory.provider import MemoryProvider
from tests.contract.storing import put_new, rename
from tests.samples.contexts import Unit
from tests.samples.people import EmailTaken, new_person
from tests.stores import Store
from tests.times import NOW

DELIVERY = Delivery(consumer="mailer", message_id="message-1", at=NOW)


@pytest.fixture
def store() -> Store:
    """A store that has the person `ada`."""
    store = Store("memory", MemoryProvider())
    put_new(store, "ada")
    return store


@define
class Overtaken:
    """An effect that somebody else is always ahead of."""

    store: Store
    times: int = 0

    def __call__(self, unit: Unit) -> None:
        self.times += 1
        person = unit.people.get("ada")
        rename(self.store, "ada", f"Ada {self.times}")
        person.ban(NOW)
        unit.people.save(person)


@define
class Refused:
    """An effect that breaks a rule."""

    times: int = 0

    def __call__(self, unit: Unit) -> None:
        self.times += 1
        unit.people.add(new_person("ada@example.com", id="bob"))


def is_handled(store: Store) -> bool:
    with store.unit_of_work() as unit:
        return unit.inbox.knows("mailer", "message-1")


def test_effect_is_decided_anew_a_bounded_number_of_times(store: Store) -> None:
    effect = Overtaken(store)

    with pytest.raises(ConcurrencyConflict):
        process_once(store.unit_of_work, DELIVERY, effect)

    assert (effect.times, is_handled(store)) == (MAX_ATTEMPTS, False)


def test_effect_that_is_refused_for_good_is_not_decided_anew(store: Store) -> None:
    effect = Refused()

    with pytest.raises(EmailTaken):
        process_once(store.unit_of_work, DELIVERY, effect)

    assert (effect.times, is_handled(store)) == (1, False)


def test_message_that_is_known_is_not_looked_at_again(store: Store) -> None:
    process_once(store.unit_of_work, DELIVERY, lambda _: None)
    effect = Refused()

    assert not process_once(store.unit_of_work, DELIVERY, effect)
    assert effect.times == 0
