"""Reading and writing a table in each phase of its move."""

from __future__ import annotations

from decimal import Decimal

import pytest

from application.errors import StorageError
from domain.errors import NotFound
from infrastructure.dynamodb.items import Item
from infrastructure.migration.claims.claim_table import ClaimTable
from infrastructure.migration.claims.row_claim import claims_of
from infrastructure.migration.conversion.records import InvalidRecord, Record
from infrastructure.migration.phases.phase import Phase
from infrastructure.migration.phases.repair import repair
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.repository.conflicts import UniqueValueTaken
from tests.migration.phases.moving import (
    PEOPLE,
    PERSON,
    WRITE_BOTH,
    Moving,
    item_key,
    key_of,
    moving,
    person,
)

__all__ = ["moving"]

pytestmark = pytest.mark.engine

ADA = person(1, email="ada@example.org", score=Decimal("12.50"))
NAMELESS: Record = {"pk": "PERSON#1", "id": 1}  # which the source does not take
EVERY = pytest.mark.parametrize("phase", list(Phase))
BOTH = pytest.mark.parametrize("phase", WRITE_BOTH)


@EVERY
def test_what_was_put_is_got_until_it_is_deleted(moving: Moving, phase: Phase) -> None:
    moving.set(phase)
    people = moving.people
    assert people.get(key_of(1)) is None
    people.put(ADA)
    assert people.get(key_of(1)) == ADA
    people.delete(key_of(1))
    people.delete(key_of(1))
    assert people.get(key_of(1)) is None


@EVERY
def test_update_changes_what_it_names_and_removes_what_is_none(
    moving: Moving, phase: Phase
) -> None:
    moving.set(phase)
    moving.people.put(ADA)
    moving.people.update(key_of(1), {"name": "Eve", "greeting": "Hello Eve", "email": None})
    assert moving.people.get(key_of(1)) == person(1, "Eve", score=Decimal("12.50"))


@EVERY
def test_what_is_not_there_cannot_be_updated(moving: Moving, phase: Phase) -> None:
    moving.set(phase)
    with pytest.raises(NotFound, match="people pk=PERSON#1 does not exist"):
        moving.people.update(key_of(1), {"name": "Eve"})
    assert moving.entries() == {}
    assert moving.sides(1) == (None, None)


@EVERY
def test_key_never_changes(moving: Moving, phase: Phase) -> None:
    moving.set(phase)
    moving.people.put(ADA)
    with pytest.raises(InvalidRecord):
        moving.people.update(key_of(1), {"pk": "PERSON#2", "id": 2})
    with pytest.raises(InvalidRecord):
        moving.people.get({"pk": 1})


@BOTH
def test_both_sides_have_what_was_written_and_nothing_is_behind(
    moving: Moving, phase: Phase
) -> None:
    moving.set(phase)
    moving.people.put(ADA)
    moving.people.put(person(2, "Bob"))
    moving.people.update(key_of(1), {"score": None})
    moving.people.delete(key_of(2))
    assert moving.names(1) == ("Ada", "Ada")
    assert moving.unequal(range(1, 3)) == []
    assert moving.entries() == {}


def test_source_alone_is_written_before_and_the_target_alone_after(moving: Moving) -> None:
    moving.people.put(ADA)
    assert moving.names(1) == ("Ada", None)
    moving.set(Phase.TARGET_ONLY)
    moving.people.put(person(2))
    assert moving.names(2) == (None, "Ada")
    assert moving.entries() == {"PERSON#2": "source"}


@pytest.mark.parametrize("phase", [Phase.DUAL_WRITE, Phase.TARGET_FIRST])
def test_column_that_nobody_changed_is_not_written(moving: Moving, phase: Phase) -> None:
    moving.sql("INSERT INTO people (person_id, name, seen) VALUES (1, 'Ada', '1999-01-01')")
    moving.set(Phase.DUAL_WRITE)
    moving.people.put(person(1))
    moving.set(phase)
    moving.people.update(key_of(1), {"score": 7})
    with moving.engine.connect() as connection:
        [row] = connection.exec_driver_sql("SELECT name, score, YEAR(seen) FROM people")
    assert tuple(row) == ("Ada", Decimal("7.00"), 1999)


def test_what_the_source_calculates_is_the_source_s_while_it_leads(moving: Moving) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.people.put({**ADA, "greeting": "Good morning"})
    assert moving.people.get(key_of(1)) == ADA
    assert moving.unequal(range(1, 2)) == []


def test_refusal_of_the_source_is_the_caller_s_and_nothing_is_written(moving: Moving) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.people.put(ADA)
    with pytest.raises(StorageError, match="IntegrityError 1062") as refused:
        moving.people.put({**ADA, "pk": "PERSON#2", "id": 2})
    assert "ada@" not in str(refused.value)
    assert moving.sides(2) == (None, None)
    assert moving.entries() == {}


def test_row_that_the_source_refuses_later_is_behind_there(moving: Moving) -> None:
    moving.set(Phase.TARGET_FIRST)
    moving.people.put(NAMELESS)
    assert moving.sides(1)[0] is None
    assert moving.entries() == {"PERSON#1": "source"}
    moving.people.update(key_of(1), {"name": "Ada", "greeting": "Hello Ada"})
    assert moving.names(1) == ("Ada", "Ada")
    assert moving.entries() == {}


def test_unique_value_of_another_is_refused_whichever_side_leads(moving: Moving) -> None:
    moving.set(Phase.TARGET_FIRST)
    moving.people.put(ADA)
    with pytest.raises(UniqueValueTaken):
        moving.people.put({**ADA, "pk": "PERSON#2", "id": 2})
    assert moving.sides(2) == (None, None)
    assert moving.entries() == {}


def test_claim_that_the_bulk_copy_took_for_what_a_row_was_before_is_freed(moving: Moving) -> None:
    assert isinstance(moving.move.target, TargetTable)
    writer = moving.move.target.writer
    moving.people.put(person(1, email="other@example.org"))
    moving.set(Phase.DUAL_WRITE)
    claims = claims_of(PEOPLE, PERSON, writer_item(moving), {"person_id": 1})
    ClaimTable(writer.gateway, writer.claims).take(claims)
    moving.people.put(ADA)
    ClaimTable(writer.gateway, writer.claims).take(claims)  # of what was read before
    moving.people.put(person(2, email="other@example.org"))
    assert moving.unequal(range(1, 3)) == []
    assert moving.entries() == {}
    assert repair(moving.process()).left == []


def writer_item(moving: Moving) -> Item:
    item = moving.move.source.read(item_key(1))
    assert item is not None
    return item
