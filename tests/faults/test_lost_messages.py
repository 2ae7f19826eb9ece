"""Answers and requests that get lost: the outcome is known, or said to be unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from application.errors import CommitOutcomeUnknown
from domain.errors import ConcurrencyConflict
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import (
    Fault,
    answer_lost,
    connection_reset,
    not_connected,
    request_lost,
)
from tests.samples.people import Email, EmailTaken, Person, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

ADA = Email("ada@example.com")
LOVELACE = Email("lovelace@example.com")

Change = Callable[[Store], None]
"""One decision of the one in trouble, or of another writer, on the person `ada`."""


def register(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person(id="ada"))
        unit.commit()


def save(store: Store) -> None:
    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.change_name("Augusta Ada", "King", NOW)
        unit.people.save(person)
        unit.commit()


def verify(store: Store) -> None:
    """A save of which a message tells."""
    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.verify_email(NOW)
        unit.people.save(person)
        unit.commit()


def change_email(store: Store) -> None:
    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.change_email(LOVELACE, NOW)
        unit.people.save(person)
        unit.commit()


def remove(store: Store) -> None:
    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.leave(NOW)
        unit.people.remove(person)
        unit.commit()


def ban_or_unban(store: Store) -> None:
    with store.unit_of_work() as unit:
        person = unit.people.get("ada")
        person.unban(NOW) if person.is_banned else person.ban(NOW)
        unit.people.save(person)
        unit.commit()


def commit_often(store: Store) -> None:
    for _ in range(10):
        ban_or_unban(store)


def register_another_ada(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person(id="another-ada"))
        unit.commit()


def nothing(store: Store) -> None:
    pass


TOLD: dict[Change, str] = {
    register: "PersonRegistered",
    verify: "EmailVerified",
    change_email: "EmailChanged",
}
"""The message of a change."""


def attempt(faulty: Faulty, change: Change, fault: Fault, meanwhile: Change) -> Exception | None:
    """Makes the change while its first write meets the fault and others act before the retry."""
    if change is not register:
        register(faulty.healthy)
    faulty.client.faults = [fault]
    faulty.client.after_fault = lambda: meanwhile(faulty.healthy)
    try:
        change(faulty.store)
    except (ConcurrencyConflict, EmailTaken, CommitOutcomeUnknown) as error:
        return error
    return None


def stored(store: Store) -> Person | None:
    with store.unit_of_work() as unit:
        try:
            person: Person = unit.people.get("ada")
        except PersonNotFound:
            return None
    return person


def items(store: Store) -> int:
    """How many people and claims are in the table."""
    return len(store.gateway.call("Scan", {"TableName": store.table("people")})["Items"])


def told(store: Store) -> Counter[str]:
    """How many messages of which type are in the outbox."""
    found = store.gateway.call("Scan", {"TableName": store.table("outbox")})["Items"]
    return Counter(item["messageType"]["S"] for item in found)


@pytest.mark.parametrize(
    "fault", [answer_lost, connection_reset, request_lost, not_connected], ids=lambda f: f.__name__
)
class TestNobodyElseActs:
    def test_register_succeeds_once(self, faulty: Faulty, fault: Fault) -> None:
        assert attempt(faulty, register, fault, nothing) is None
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.email, items(faulty.healthy)) == (1, ADA, 2)
        assert told(faulty.healthy) == {"PersonRegistered": 1}

    def test_save_succeeds_once(self, faulty: Faulty, fault: Fault) -> None:
        assert attempt(faulty, save, fault, nothing) is None
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.first_name, items(faulty.healthy)) == (2, "Augusta Ada", 2)
        assert told(faulty.healthy) == {"PersonRegistered": 1}

    def test_a_save_that_a_message_tells_of_succeeds_once(
        self, faulty: Faulty, fault: Fault
    ) -> None:
        assert attempt(faulty, verify, fault, nothing) is None
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.is_email_verified, items(faulty.healthy)) == (2, True, 2)
        assert told(faulty.healthy) == {"PersonRegistered": 1, "EmailVerified": 1}

    def test_change_email_succeeds_once(self, faulty: Faulty, fault: Fault) -> None:
        assert attempt(faulty, change_email, fault, nothing) is None
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.email, items(faulty.healthy)) == (2, LOVELACE, 2)
        assert told(faulty.healthy) == {"PersonRegistered": 1, "EmailChanged": 1}

    def test_remove_succeeds_once(self, faulty: Faulty, fault: Fault) -> None:
        assert attempt(faulty, remove, fault, nothing) is None
        assert stored(faulty.healthy) is None
        assert items(faulty.healthy) == 0
        assert told(faulty.healthy) == {"PersonRegistered": 1, "PersonRemoved": 1}


class TestTheAnswerIsLostAndSomeoneElseActs:
    @pytest.mark.parametrize("meanwhile", [ban_or_unban, commit_often])
    @pytest.mark.parametrize("change", [register, verify, change_email])
    def test_a_transaction_is_reported_as_committed(
        self, faulty: Faulty, change: Change, meanwhile: Change
    ) -> None:
        assert attempt(faulty, change, answer_lost, meanwhile) is None
        others = 1 if meanwhile is ban_or_unban else 10
        person = stored(faulty.healthy)
        assert person is not None
        assert person.version == others + (1 if change is register else 2)
        assert person.email == (LOVELACE if change is change_email else ADA)
        assert items(faulty.healthy) == 2
        assert told(faulty.healthy)[TOLD[change]] == 1

    @pytest.mark.parametrize("change", [register, verify, change_email])
    def test_a_transaction_undone_by_a_removal_is_committed_and_not_repeated(
        self, faulty: Faulty, change: Change
    ) -> None:
        assert attempt(faulty, change, answer_lost, remove) is None
        assert items(faulty.healthy) == 0
        assert told(faulty.healthy)[TOLD[change]] == 1

    def test_a_removal_is_committed_and_spares_who_registers_next(self, faulty: Faulty) -> None:
        assert attempt(faulty, remove, answer_lost, register_another_ada) is None
        assert stored(faulty.healthy) is None
        assert items(faulty.healthy) == 2
        assert told(faulty.healthy) == {"PersonRegistered": 2, "PersonRemoved": 1}

    def test_a_save_is_found_among_the_recent_commits(self, faulty: Faulty) -> None:
        assert attempt(faulty, save, answer_lost, ban_or_unban) is None
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.first_name, person.is_banned) == (3, "Augusta Ada", True)

    def test_a_save_that_left_the_recent_commits_is_unknown(self, faulty: Faulty) -> None:
        outcome = attempt(faulty, save, answer_lost, commit_often)
        assert isinstance(outcome, CommitOutcomeUnknown)
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.first_name) == (12, "Augusta Ada")

    def test_a_save_whose_person_is_gone_is_unknown(self, faulty: Faulty) -> None:
        assert isinstance(attempt(faulty, save, answer_lost, remove), CommitOutcomeUnknown)
        assert items(faulty.healthy) == 0


class TestTheRequestIsLostAndSomeoneElseActs:
    def test_registering_a_taken_address_is_refused(self, faulty: Faulty) -> None:
        outcome = attempt(faulty, register, request_lost, register_another_ada)
        assert isinstance(outcome, EmailTaken)
        assert stored(faulty.healthy) is None
        assert items(faulty.healthy) == 2
        assert told(faulty.healthy) == {"PersonRegistered": 1}

    @pytest.mark.parametrize("change", [save, verify, change_email, remove])
    def test_a_change_is_refused_when_another_came_first(
        self, faulty: Faulty, change: Change
    ) -> None:
        outcome = attempt(faulty, change, request_lost, ban_or_unban)
        assert isinstance(outcome, ConcurrencyConflict)
        assert (outcome.expected, outcome.actual) == (1, 2)
        person = stored(faulty.healthy)
        assert person is not None
        assert (person.version, person.first_name, person.email) == (2, "Ada", ADA)
        assert not person.is_email_verified
        assert told(faulty.healthy) == {"PersonRegistered": 1, "PersonBanned": 1}

    @pytest.mark.parametrize("change", [verify, change_email, remove])
    def test_a_transaction_is_refused_when_the_person_is_gone(
        self, faulty: Faulty, change: Change
    ) -> None:
        """Its token is known to be unused, so nothing is left open."""
        outcome = attempt(faulty, change, request_lost, remove)
        assert isinstance(outcome, ConcurrencyConflict)
        assert (outcome.expected, outcome.actual) == (1, None)
        assert items(faulty.healthy) == 0
        assert told(faulty.healthy) == {"PersonRegistered": 1, "PersonRemoved": 1}

    @pytest.mark.parametrize("meanwhile", [remove, commit_often])
    def test_a_save_is_unknown_when_no_trace_could_be_left(
        self, faulty: Faulty, meanwhile: Change
    ) -> None:
        outcome = attempt(faulty, save, request_lost, meanwhile)
        assert isinstance(outcome, CommitOutcomeUnknown)

    @pytest.mark.parametrize("change", [save, verify, change_email, remove])
    @pytest.mark.parametrize("meanwhile", [ban_or_unban, commit_often, remove])
    def test_a_request_known_to_be_unsent_leaves_nothing_open(
        self, faulty: Faulty, change: Change, meanwhile: Change
    ) -> None:
        outcome = attempt(faulty, change, not_connected, meanwhile)
        assert isinstance(outcome, ConcurrencyConflict)


@pytest.mark.parametrize("change", [save, verify, change_email, remove])
@pytest.mark.parametrize("fault", [answer_lost, request_lost, not_connected])
def test_a_lost_read_is_read_again(faulty: Faulty, change: Change, fault: Fault) -> None:
    faulty.client.concerns = lambda operation: operation == "get_item"
    assert attempt(faulty, change, fault, nothing) is None
    assert not faulty.client.faults
