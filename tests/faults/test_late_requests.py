"""Requests that arrive after their sender was told what became of the commit."""

from __future__ import annotations

import pytest
from attrs import define, field
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.faults.conftest import Faulty
from tests.faults.faulty_client import ENDPOINT, Send
from tests.faults.test_lost_messages import (
    ADA,
    LOVELACE,
    TOLD,
    Change,
    attempt,
    change_email,
    items,
    nothing,
    register,
    register_another_ada,
    stored,
    told,
)
from tests.samples.people import EmailTaken, new_person
from tests.stores import Store
from tests.times import NOW


@define
class Delayed:
    """A request that its sender believes lost, and that arrives when it is told to."""

    sent: list[Send] = field(factory=list)

    def __call__(self, send: Send) -> object:
        self.sent.append(send)
        raise ReadTimeoutError(endpoint_url=ENDPOINT)

    def arrive(self) -> str:
        """What the service answers to it: a code, or nothing where it was applied."""
        (send,) = self.sent
        try:
            send()
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return ""


def take_lovelace(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.add(new_person("lovelace@example.com", id="another-ada"))
        unit.commit()


def leave(store: Store) -> None:
    """Whoever holds the address gives it up."""
    with store.unit_of_work() as unit:
        other = unit.people.get("another-ada")
        other.leave(NOW)
        unit.people.remove(other)
        unit.commit()


REFUSED_BY_A_CLAIM = pytest.mark.parametrize(
    ("change", "meanwhile"), [(register, register_another_ada), (change_email, take_lovelace)]
)


@REFUSED_BY_A_CLAIM
def test_a_refusal_by_a_claim_holds_when_the_claim_is_freed(
    faulty: Faulty, change: Change, meanwhile: Change
) -> None:
    delayed = Delayed()
    refusal = attempt(faulty, change, delayed, meanwhile)
    leave(faulty.healthy)
    before = stored(faulty.healthy), items(faulty.healthy), told(faulty.healthy)

    assert isinstance(refusal, EmailTaken)
    assert delayed.arrive() == "IdempotentParameterMismatchException"
    assert before[1:] == (items(faulty.healthy), told(faulty.healthy))
    after = stored(faulty.healthy)
    assert (after and after.email) == (before[0] and before[0].email)


@REFUSED_BY_A_CLAIM
def test_one_that_was_applied_before_its_refusal_is_told_is_committed(
    faulty: Faulty, change: Change, meanwhile: Change
) -> None:
    delayed = Delayed()
    arrivals: list[str] = []

    def refused_and_then_the_late_one_arrives(send: Send) -> object:
        try:
            return send()
        finally:
            leave(faulty.healthy)
            arrivals.append(delayed.arrive())

    if change is not register:
        register(faulty.healthy)
    faulty.client.faults = [delayed, refused_and_then_the_late_one_arrives]
    steps: list[Change] = [meanwhile, nothing]
    faulty.client.after_fault = lambda: steps.pop(0)(faulty.healthy)

    change(faulty.store)

    person = stored(faulty.healthy)
    assert person is not None
    assert arrivals == [""]
    assert person.email == (LOVELACE if change is change_email else ADA)
    assert (items(faulty.healthy), told(faulty.healthy)[TOLD[change]]) == (2, TIMES[change])


TIMES: dict[Change, int] = {register: 2, change_email: 1}
"""How often it is told of: another one registered, too."""
