"""Commits that take a unique value, which others take and free meanwhile."""

from __future__ import annotations

from tests.faults.matrix.late_claims import Claimed
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import UseCase
from tests.faults.use_cases.changes import (
    ADA,
    LOVELACE,
    ada,
    add_ada,
    changed,
    committed,
    move,
    removed,
)
from tests.samples.people import new_person


def take_address(service: Service, email: str) -> str:
    person_id = service.ids.new_id()
    committed(lambda u: u.people.add(new_person(email, id=person_id)))(service, None)
    return person_id


def leave(service: Service, person_id: str) -> None:
    committed(removed(person_id))(service, None)


def ada_by_id(service: Service) -> str:
    ada(service)
    return ADA


UNIQUE_VALUES = (
    Claimed(
        use_case=UseCase(
            name="unit_of_work.commit",
            case="a person",
            prepare=lambda _: ADA,
            run=committed(add_ada),
        ),
        at=0,
        take=lambda s: take_address(s, "ada@example.com"),
        free=leave,
        message="PersonRegistered",
    ),
    Claimed(
        use_case=UseCase(
            name="unit_of_work.commit",
            case="an address",
            prepare=ada_by_id,
            run=committed(changed(move)),
        ),
        at=1,
        take=lambda s: take_address(s, LOVELACE.value),
        free=leave,
        message="EmailChanged",
    ),
)
