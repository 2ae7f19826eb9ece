"""When every attempt fails: what is known is said, and the commit can be resumed."""

from __future__ import annotations

import pytest

from application.errors import (
    CommitOutcomeUnknown,
    ServiceFault,
    Throttled,
    UnitOfWorkMisused,
    Unreachable,
)
from domain.errors import DynastrataError
from tests.faults.conftest import Faulty
from tests.faults.faulty_client import (
    Fault,
    answer_lost,
    contended,
    not_connected,
    refused,
    request_lost,
)
from tests.faults.test_lost_messages import (
    LOVELACE,
    Change,
    attempt,
    ban_or_unban,
    change_email,
    items,
    nothing,
    register,
    remove,
    save,
    stored,
    told,
)
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW

PLAIN_CONFLICT = refused("TransactionConflictException")
THROTTLED = refused("ThrottlingException")
FAULT = refused("InternalServerError", 500)
ATTEMPTS = 4
MINUTE = 60.0


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([answer_lost] * ATTEMPTS, CommitOutcomeUnknown),
        ([request_lost] * ATTEMPTS, CommitOutcomeUnknown),
        ([FAULT] * ATTEMPTS, CommitOutcomeUnknown),
        ([request_lost, THROTTLED, THROTTLED, THROTTLED], CommitOutcomeUnknown),
        ([not_connected] * ATTEMPTS, Unreachable),
        ([THROTTLED] * ATTEMPTS, Throttled),
        ([not_connected, THROTTLED, not_connected, THROTTLED], Throttled),
        ([THROTTLED, not_connected, THROTTLED, not_connected], Unreachable),
        ([contended] * ATTEMPTS, Throttled),
        ([PLAIN_CONFLICT] * ATTEMPTS, Throttled),
        ([request_lost, refused("AccessDeniedException")], CommitOutcomeUnknown),
    ],
)
def test_the_error_says_whether_something_may_have_been_applied(
    faulty: Faulty, faults: list[Fault], expected: type[DynastrataError]
) -> None:
    faulty.client.faults = list(faults)
    with pytest.raises(expected) as caught:
        register(faulty.store)
    assert type(caught.value) is expected or expected is Throttled
    assert not faulty.client.faults
    assert len(faulty.client.sent) == len(faults)


@pytest.mark.parametrize(
    ("change", "contention"),
    [(save, PLAIN_CONFLICT)]  # a lone put, which is not cancelled
    + [(c, f) for c in (register, change_email, remove) for f in (contended, PLAIN_CONFLICT)],
)
def test_contention_is_retried_and_never_a_conflict_of_versions(
    faulty: Faulty, change: Change, contention: Fault
) -> None:
    assert attempt(faulty, change, contention, nothing) is None


def test_contention_after_a_lost_answer_leaves_the_outcome_known(faulty: Faulty) -> None:
    faulty.client.faults = [answer_lost, contended]
    register(faulty.store)
    assert items(faulty.healthy) == 2


def test_every_attempt_sends_the_same_request(faulty: Faulty) -> None:
    faulty.client.faults = [request_lost, answer_lost, THROTTLED]
    register(faulty.store)
    bodies = [request for _, request in faulty.client.sent]
    assert len(bodies) == ATTEMPTS
    assert bodies == [bodies[0]] * ATTEMPTS


@pytest.mark.parametrize("fault", [answer_lost, request_lost, not_connected, THROTTLED])
@pytest.mark.parametrize("change", ["register", "save", "verify", "change email", "remove"])
def test_commit_can_be_resumed(faulty: Faulty, fault: Fault, change: str) -> None:
    if change != "register":
        register(faulty.healthy)
    # Once applied, a later attempt that reaches the engine would settle it.
    later = request_lost if fault is answer_lost else fault
    faulty.client.faults = [fault, *[later] * (ATTEMPTS - 1)]
    with faulty.store.unit_of_work() as unit:
        if change == "register":
            person = new_person(id="ada")
            unit.people.add(person)
        else:
            person = unit.people.get("ada")
            if change == "save":
                person.change_name("Augusta Ada", "King", NOW)
            elif change == "verify":
                person.verify_email(NOW)
            elif change == "change email":
                person.change_email(LOVELACE, NOW)
            unit.people.remove(person) if change == "remove" else unit.people.save(person)
        with pytest.raises((CommitOutcomeUnknown, Unreachable, Throttled)):
            unit.commit()
        with pytest.raises(UnitOfWorkMisused, match="under way"):
            unit.people.add(new_person("grace@example.com"))
        unit.commit()
    expected = {"register": 1, "remove": None}.get(change, 2)
    present = stored(faulty.healthy)
    assert (present and present.version) == expected
    assert items(faulty.healthy) == (0 if change == "remove" else 2)


def empty_the_outbox(store: Store) -> None:
    """As the table's time-to-live does, long after the messages were published."""
    table = store.table("outbox")
    for item in store.gateway.call("Scan", {"TableName": table})["Items"]:
        key = {"pk": item["pk"], "sk": item["sk"]}
        store.gateway.call("DeleteItem", {"TableName": table, "Key": key})


class TestTheTokenHasExpired:
    """Eleven minutes later the service would take the same transaction for a new one."""

    def test_a_commit_that_left_its_trace_is_found(self, faulty: Faulty) -> None:
        faulty.client.faults = [answer_lost] * ATTEMPTS
        with faulty.store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            with pytest.raises(CommitOutcomeUnknown):
                unit.commit()
            ban_or_unban(faulty.healthy)
            faulty.time.now += 11 * MINUTE
            unit.commit()
        assert items(faulty.healthy) == 2

    @pytest.mark.parametrize("is_message_kept", [True, False])
    def test_a_registration_that_was_undone_meanwhile_is_not_repeated(
        self, faulty: Faulty, is_message_kept: bool
    ) -> None:
        """Its message is the last trace of it, as long as the outbox keeps that."""
        faulty.client.faults = [answer_lost] * ATTEMPTS
        with faulty.store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            with pytest.raises(CommitOutcomeUnknown):
                unit.commit()
            remove(faulty.healthy)
            if not is_message_kept:
                empty_the_outbox(faulty.healthy)
            faulty.time.now += 11 * MINUTE
            if is_message_kept:
                unit.commit()
            else:
                with pytest.raises(CommitOutcomeUnknown):
                    unit.commit()
            unit.rollback()
        assert items(faulty.healthy) == 0
        assert told(faulty.healthy)["PersonRegistered"] == is_message_kept

    def test_a_removal_is_found_by_its_message(self, faulty: Faulty) -> None:
        register(faulty.healthy)
        faulty.client.faults = [answer_lost] * ATTEMPTS
        with faulty.store.unit_of_work() as unit:
            person = unit.people.get("ada")
            person.leave(NOW)
            unit.people.remove(person)
            with pytest.raises(CommitOutcomeUnknown):
                unit.commit()
            faulty.time.now += 11 * MINUTE
            unit.commit()
        assert told(faulty.healthy) == {"PersonRegistered": 1, "PersonRemoved": 1}

    def test_a_commit_whose_traces_cannot_be_read_stays_unknown(self, faulty: Faulty) -> None:
        faulty.client.faults = [answer_lost] * ATTEMPTS
        with faulty.store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            with pytest.raises(CommitOutcomeUnknown):
                unit.commit()
            faulty.time.now += 11 * MINUTE
            faulty.client.concerns = lambda operation: True
            faulty.client.faults = [not_connected] * ATTEMPTS
            with pytest.raises(CommitOutcomeUnknown):
                unit.commit()
            unit.commit()
        assert items(faulty.healthy) == 2

    def test_a_commit_known_to_be_unsent_is_simply_sent(self, faulty: Faulty) -> None:
        faulty.client.faults = [not_connected] * ATTEMPTS
        with faulty.store.unit_of_work() as unit:
            unit.people.add(new_person(id="ada"))
            with pytest.raises(Unreachable):
                unit.commit()
            faulty.time.now += 11 * MINUTE
            unit.commit()
        assert items(faulty.healthy) == 2


def test_a_read_that_fails_to_the_last_says_so(faulty: Faulty) -> None:
    faulty.client.concerns = lambda operation: operation == "get_item"
    for fault, expected in [(request_lost, Unreachable), (FAULT, ServiceFault)]:
        faulty.client.faults = [fault] * ATTEMPTS
        with pytest.raises(expected):
            ban_or_unban(faulty.store)
