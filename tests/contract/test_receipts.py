"""What every adapter promises about requests that clients repeat under a key of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application.idempotent_request import Keep, RequestKeyReused, answer_once
from application.ports.inbox import MessageAlreadyHandled, RepeatableRequest
from domain.errors import ConcurrencyConflict, InvalidValue
from infrastructure.metering import Usage
from infrastructure.outbox.inbox import InboxPolicy
from tests.contract.storing import HOSTILE_IDS, facts, names, put_new, rename, stored
from tests.samples.parcels import Parcel, line, new_parcel
from tests.samples.people import EmailTaken, Person, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

REQUEST = RepeatableRequest(client="http ada", key="key-1", fingerprint="of a body", at=NOW)
KEPT = timedelta(hours=1)


@pytest.fixture
def hourly(store: Store) -> Store:
    """A store that keeps receipts for an hour."""
    return evolve(store, options=evolve(store.options, inbox=InboxPolicy(receipts=KEPT)))


def told(result: Person | Parcel) -> bytes:
    return f"{result.id} at {result.version}".encode()


def adding(store: Store, person_id: str = "ada") -> Callable[[Keep[Person]], Person]:
    """Registers a person, each time another one with the same address."""

    def handle(keep: Keep[Person]) -> Person:
        person = new_person(id=person_id)
        with store.unit_of_work() as unit:
            unit.people.add(person)
            keep(unit, person)
            unit.commit()
        return person

    return handle


def once(store: Store, handle: Callable[[Keep[Any]], Any], **changes: Any) -> bytes:
    return answer_once(store.unit_of_work, evolve(REQUEST, **changes), handle, told)


def refuse(_: Keep[Person]) -> Person:
    raise AssertionError("the request was handled again")


def test_repeated_request_has_no_effect_and_the_first_answer(store: Store) -> None:
    first = once(store, adding(store))
    rename(store, "ada", "Augusta")

    assert [first, once(store, refuse)] == [b"ada at 1"] * 2
    assert names(store, "ada") == ["Augusta"]


def test_answer_tells_the_version_that_its_commit_makes(store: Store) -> None:
    put_new(store, "ada")
    with store.unit_of_work() as unit:
        unit.parcels.add(new_parcel("first"))
        unit.commit()

    def change(keep: Keep[Any]) -> Any:
        with store.unit_of_work() as unit:
            parcel, ada = unit.parcels.get("parcel-1"), unit.people.get("ada")
            ada.ban(NOW)
            unit.people.save(ada)
            parcel.add_line(line("second"), NOW)
            parcel.add_line(line("third"), NOW)
            unit.parcels.save(parcel)
            keep(unit, parcel)
            unit.commit()
        return parcel

    assert [once(store, change), once(store, refuse)] == [b"parcel-1 at 3"] * 2


def test_request_that_changes_nothing_is_answered_as_at_first_too(store: Store) -> None:
    put_new(store, "ada")

    def look(keep: Keep[Any]) -> Any:
        with store.unit_of_work() as unit:
            ada = unit.people.get("ada")
            keep(unit, ada)
            unit.commit()
        return ada

    assert [once(store, look), once(store, refuse)] == [b"ada at 1"] * 2


def test_key_of_another_request_is_refused(store: Store) -> None:
    once(store, adding(store))

    with pytest.raises(RequestKeyReused) as refused:
        once(store, refuse, fingerprint="of another body")

    assert facts(refused.value) == (RequestKeyReused, "key-1")


def test_every_client_has_its_own_keys(store: Store) -> None:
    once(store, adding(store))

    with pytest.raises(EmailTaken):
        once(store, adding(store, "bob"), client="http bob")


def test_refused_request_leaves_nothing_and_is_handled_when_it_is_repeated(store: Store) -> None:
    put_new(store, "ada")
    with pytest.raises(EmailTaken):
        once(store, adding(store, "bob"))
    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get("ada"))
        unit.commit()

    assert once(store, adding(store, "bob")) == b"bob at 1"


def test_request_that_was_handled_meanwhile_has_the_answer_of_that_one(store: Store) -> None:
    def overtaken(keep: Keep[Person]) -> Person:
        once(store, adding(store))
        return adding(store, "bob")(keep)

    assert once(store, overtaken) == b"ada at 1"
    with pytest.raises(PersonNotFound):
        stored(store, "bob")


def test_refusal_that_has_another_reason_is_told(store: Store) -> None:
    put_new(store, "ada")

    def stale(_: Keep[Person]) -> Person:
        raise ConcurrencyConflict("Person", "ada", 1, 2)

    with pytest.raises(ConcurrencyConflict):
        once(store, stale)


def test_answer_is_kept_for_as_long_as_was_said_and_then_forgotten(hourly: Store) -> None:
    once(hourly, adding(hourly))

    just_before = once(hourly, refuse, at=NOW + KEPT - timedelta(seconds=1))
    with pytest.raises(EmailTaken):
        once(hourly, adding(hourly, "bob"), at=NOW + KEPT)
    with hourly.unit_of_work() as unit:
        unit.people.remove(unit.people.get("ada"))
        unit.commit()
    afterwards = once(hourly, adding(hourly, "bob"), at=NOW + KEPT, fingerprint="of another")

    assert (just_before, afterwards) == (b"ada at 1", b"bob at 1")
    with pytest.raises(RequestKeyReused):
        once(hourly, refuse, at=NOW + 2 * KEPT - timedelta(seconds=1))


def test_message_that_was_handled_is_no_receipt_and_never_over(hourly: Store) -> None:
    with hourly.unit_of_work() as unit:
        unit.inbox.remember(REQUEST.client, REQUEST.key, NOW - timedelta(days=365))
        unit.commit()
        assert unit.inbox.receipt(REQUEST) is None
        unit.inbox.keep(REQUEST, None, lambda _: b"")
        with pytest.raises(MessageAlreadyHandled):
            unit.commit()
        unit.rollback()


def test_empty_answer_and_any_bytes_are_kept(store: Store) -> None:
    for key, answer in (("empty", b""), ("bytes", bytes(range(256)))):
        request = evolve(REQUEST, key=key)
        with store.unit_of_work() as unit:
            unit.inbox.keep(request, answer, bytes)
            unit.commit()
            receipt = unit.inbox.receipt(request)

        assert receipt is not None
        assert (receipt.answer, receipt.fingerprint) == (answer, "of a body")


def test_names_that_cannot_be_stored_are_refused(store: Store) -> None:
    for changes in (
        {"client": "a#b"},
        {"key": HOSTILE_IDS["five kilobytes"]},
        {"at": NOW.replace(tzinfo=None)},
    ):
        request = evolve(REQUEST, **changes)
        with store.unit_of_work() as unit, pytest.raises(InvalidValue):
            unit.inbox.keep(request, None, lambda _: b"")


@pytest.mark.engine
def test_key_costs_one_read_and_its_receipt_and_a_repeated_one_the_read(
    ministack_store: Store,
) -> None:
    def nothing(keep: Keep[Any]) -> Any:
        with ministack_store.unit_of_work() as unit:
            keep(unit, person)
            unit.commit()
        return person

    person = new_person(id="ada")
    with ministack_store.meter.measure() as first:
        once(ministack_store, nothing)
    with ministack_store.meter.measure() as again:
        once(ministack_store, refuse)

    assert (first, again) == (Usage(2, 1, 1), Usage(1, 1, 0))
