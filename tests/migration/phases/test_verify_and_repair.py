"""What `verify --repair` does with each kind of difference, and with those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.migration.phases.move import TargetLeads
from infrastructure.migration.phases.phase import Phase, Side
from infrastructure.migration.phases.recopying import recopy
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.verification.difference import Kind
from infrastructure.migration.verification.verified import TableVerified
from tests.migration.phases.bulk import copy_in_bulk, verification
from tests.migration.phases.moving import Moving, item_key, moving
from tests.migration.phases.tables import TABLE

__all__ = ["moving"]

pytestmark = pytest.mark.engine

ROWS = "INSERT INTO people (person_id, name, email) VALUES "


def verify(moving: Moving, *, repair: bool = False) -> TableVerified:
    [found] = verification(moving, repair=repair).run().tables
    return found


def claims(moving: Moving) -> dict[str, str]:
    """Who holds which address."""
    assert isinstance(moving.move.target, TargetTable)
    writer = moving.move.target.writer
    request = {"TableName": writer.claims, "ConsistentRead": True}
    found = writer.gateway.call("Scan", request)["Items"]
    return {claim["pk"]["S"].split(":")[1]: claim["owner"]["S"][-1] for claim in found}


def claim(moving: Moving, address: str, id: int, *, is_held: bool) -> None:
    """As if something else had claimed or freed it."""
    assert isinstance(moving.move.target, TargetTable)
    key = f"{TABLE}#email#S:{address}"
    moving.move.target.writer.set_claim(key, item_key(id), is_held=is_held)


def test_each_kind_of_difference_is_repaired(moving: Moving, tmp_path: Path) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.sql(f"{ROWS} (1, 'Ada', 'a'), (2, 'Eve', 'e'), (3, 'Joe', 'e2'), (4, 'Max', 'm')")
    copy_in_bulk(moving, tmp_path)
    moving.sql("DELETE FROM people WHERE person_id = 1")
    moving.sql("UPDATE people SET name = 'Eva' WHERE person_id = 2")
    moving.sql(f"{ROWS} (5, 'Zoe', 'z')")
    claim(moving, "gone", 9, is_held=True)
    claim(moving, "old", 4, is_held=True)
    claim(moving, "e2", 3, is_held=False)
    before = {
        Kind.EXTRA: 1,
        Kind.DIFFERENT: 1,
        Kind.MISSING: 1,
        Kind.STRAY_CLAIM: 2,
        Kind.UNCLAIMED: 2,
    }
    assert verify(moving).counts == before
    repaired = verify(moving, repair=True)
    assert (repaired.counts.total(), repaired.repairs, repaired.stored) == (0, 6, 4)
    assert claims(moving) == {"e": "2", "e2": "3", "m": "4", "z": "5"}
    assert moving.unequal(range(10)) == []
    assert moving.entries() == {}
    assert verify(moving).counts.total() == 0


def test_rows_that_have_swapped_their_unique_values_are_repaired(
    moving: Moving, tmp_path: Path
) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.sql(f"{ROWS} (1, 'Ada', 'a'), (2, 'Eve', 'e')")
    copy_in_bulk(moving, tmp_path)
    moving.sql("UPDATE people SET email = NULL")
    moving.sql("UPDATE people SET email = IF(person_id = 1, 'e', 'a')")
    assert verify(moving).counts == {Kind.EXTRA: 2}
    assert verify(moving, repair=True).counts.total() == 0
    assert claims(moving) == {"e": "1", "a": "2"}
    assert moving.unequal(range(3)) == []


def test_row_that_was_rejected_is_copied_once_its_cause_is_mended(
    moving: Moving, tmp_path: Path
) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.sql("ALTER TABLE people DROP INDEX email")
    moving.sql(f"{ROWS} (1, 'Ada', 'a'), (2, 'Eve', 'a')")
    copy_in_bulk(moving, tmp_path)
    assert moving.names(2) == ("Eve", None)
    moving.sql("UPDATE people SET email = 'e' WHERE person_id = 2")
    assert verify(moving, repair=True).counts.total() == 0
    assert moving.unequal(range(3)) == []


def test_key_that_cannot_be_repaired_is_told_and_stays_in_the_journal(
    moving: Moving, tmp_path: Path
) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.sql("ALTER TABLE people DROP INDEX email")
    moving.sql(f"{ROWS} (1, 'Ada', 'a'), (2, 'Eve', 'e')")
    copy_in_bulk(moving, tmp_path)
    moving.sql("UPDATE people SET email = 'a' WHERE person_id = 2")
    [left] = verify(moving, repair=True).differences
    assert (left.kind, left.key) == (Kind.EXTRA, "person_id=2")
    assert left.reason == "email of people is that of another item"
    assert moving.entries() == {"PERSON#2": Side.TARGET}


def test_what_a_writer_was_at_work_on_is_no_difference(moving: Moving) -> None:
    moving.set(Phase.DUAL_WRITE)
    moving.sql(f"{ROWS} (1, 'Ada', 'a')")
    compared = verification(moving, repair=False).run().tables[0].differences
    assert [each.kind for each in compared] == [Kind.UNCLAIMED, Kind.MISSING]
    moving.process().recopy(item_key(1))  # it is done
    assert recopy({TABLE: moving.process()}, compared) == []


@pytest.mark.parametrize(
    ("phase", "previous"),
    [
        (Phase.TARGET_FIRST, None),
        (Phase.TARGET_ONLY, None),
        (Phase.TARGET_FIRST, Phase.DUAL_READ),
        (Phase.DUAL_READ, Phase.TARGET_FIRST),
    ],
)
def test_nothing_is_copied_unless_the_source_leads(
    moving: Moving, phase: Phase, previous: Phase | None
) -> None:
    moving.sql(f"{ROWS} (1, 'Ada', 'a')")
    moving.set(phase, previous)
    with pytest.raises(TargetLeads):
        moving.process().recopy(item_key(1))
    assert moving.names(1) == ("Ada", None)
    assert moving.entries() == {}
