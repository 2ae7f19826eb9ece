"""Commits of a unit of work, as the fault matrix calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.consistency import NoStream
from domain.tagged_events import AppendCondition, Query
from tests.faults.matrix.service import Service
from tests.faults.matrix.use_cases import Other, UseCase
from tests.faults.use_cases.changes import (
    ADA,
    LOVELACE,
    Change,
    ada,
    add_ada,
    add_parcel,
    ban,
    changed,
    committed,
    move,
    removed,
)
from tests.faults.use_cases.messages import message
from tests.faults.use_cases.streams import STREAM, lines
from tests.faults.use_cases.tagged_events import SHELF, added
from tests.samples.contexts import Unit
from tests.samples.parcels import line
from tests.samples.people import new_person
from tests.times import NOW

BOB = "bob"


def add_bob(unit: Unit) -> object:
    person = new_person(LOVELACE.value, id=BOB)
    unit.people.add(person)
    return person


def line_added(sku: str) -> Change:
    """Adds a line to the parcel."""

    def run(unit: Unit) -> object:
        parcel = unit.parcels.get("parcel-1")
        parcel.add_line(line(sku), NOW)
        unit.parcels.save(parcel)
        return parcel

    return run


def require_ada(unit: Unit) -> None:
    unit.people.require_unchanged(unit.people.get(ADA))


def add_parcel_of_ada(unit: Unit) -> object:
    require_ada(unit)
    return add_parcel(unit)


def ban_by_parcel(unit: Unit) -> object:
    unit.parcels.require_unchanged(unit.parcels.get("parcel-1"))
    return changed(ban)(unit)


def add_everything(unit: Unit) -> None:
    """Items of every table that a commit can write to, and no key twice."""
    add_ada(unit)
    add_parcel(unit)
    unit.streams.append(STREAM, lines("a", "b"), NoStream())
    unit.outbox.add(message("1"))
    unit.inbox.remember("mailer", "message-1", NOW)
    unit.tagged_events.append([added("a", SHELF)], AppendCondition(Query.of(SHELF)))


def ada_and_bob(service: Service) -> None:
    ada(service)
    committed(add_bob)(service, None)


def parcel(service: Service) -> None:
    committed(add_parcel)(service, None)


def ada_and_parcel(service: Service) -> None:
    ada(service)
    parcel(service)


OF_ADA = {"a ban": committed(changed(ban)), "a removal": committed(removed(ADA))}
OF_PARCEL = {"a line": committed(line_added("music"))}


def of_unit(
    case: str, change: Change, prepare: Any = ada, others: Mapping[str, Other] = OF_ADA
) -> UseCase:
    return UseCase(
        name="unit_of_work.commit",
        case=case,
        prepare=prepare,
        run=committed(change),
        others=others,
    )


COMMITS = (
    of_unit("a person", add_ada, lambda _: None),
    of_unit("a person under a taken address", lambda u: u.people.add(new_person(id=BOB))),
    of_unit("a name", changed(lambda p: p.change_name("Augusta", "King", NOW))),
    of_unit("a name with a message", changed(lambda p: p.verify_email(NOW))),
    of_unit("an address", changed(move)),
    of_unit("a taken address", changed(move), ada_and_bob),
    of_unit("a removal", removed(ADA)),
    of_unit("a parcel", add_parcel, lambda _: None, others=OF_PARCEL),
    of_unit("a line, and a snapshot", line_added("logic"), parcel, others=OF_PARCEL),
    of_unit("a parcel for a person who stays", add_parcel_of_ada),
    of_unit("a person by a parcel that stays", ban_by_parcel, ada_and_parcel, others=OF_PARCEL),
    of_unit("nothing but a person who stays", require_ada),
    of_unit("everything", add_everything, lambda _: None),
    of_unit("nothing", changed(lambda _: None)),
)
