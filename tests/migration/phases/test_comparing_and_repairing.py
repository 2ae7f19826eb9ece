"""Differences are told, and what is behind is made equal."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from infrastructure.dynamodb.items import Item
from infrastructure.migration.conversion.records import Record
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.phase import Phase, Side
from infrastructure.migration.phases.repair import count_behind, repair
from infrastructure.migration.phases.target_table import TargetTable
from infrastructure.migration.phases.telemetry import MoveTelemetry
from infrastructure.telemetry.names import MIGRATION_DIFFERENCES
from tests.migration.phases.failing import without
from tests.migration.phases.moving import Moving, item_key, key_of, moving, person
from tests.migration.phases.tables import TABLE
from tests.telemetry import Told

__all__ = ["moving"]

pytestmark = pytest.mark.engine

ADA = person(1, email="ada@example.org", score=Decimal("12.50"))
NAMELESS: Record = {"pk": "PERSON#1", "id": 1}  # which the source does not take


def test_difference_that_nobody_explains_is_told_and_repaired(moving: Moving) -> None:
    moving.set(Phase.DUAL_READ)
    moving.people.put(ADA)
    moving.sql("UPDATE people SET name = 'Eve'")
    told = Told()
    seen = MovingRepository(evolve(moving.process(), telemetry=MoveTelemetry(told.telemetry)))
    with capture_logs() as lines:
        assert seen.get(key_of(1)) == {**ADA, "name": "Eve", "greeting": "Hello Eve"}
    assert [(line["event"], line["key"], line["attributes"]) for line in lines] == [
        ("the sides differ", "pk=PERSON#1", ["greeting", "name"])
    ]
    assert [point.value for point in told.points(MIGRATION_DIFFERENCES)] == [1]
    assert moving.entries() == {"PERSON#1": "target"}
    repair(moving.process())
    assert moving.names(1) == ("Eve", "Eve")


def test_difference_of_a_key_that_is_known_to_be_behind_is_not_told(moving: Moving) -> None:
    moving.set(Phase.DUAL_READ)
    without(moving, Side.TARGET).people.put(ADA)
    with capture_logs() as lines:
        assert moving.people.get(key_of(1)) == ADA
    assert lines == []
    assert moving.entries() == {"PERSON#1": "target"}


def test_difference_while_a_writer_is_at_work_is_not_told(moving: Moving) -> None:
    moving.set(Phase.DUAL_READ)
    moving.people.put(ADA)
    moving.move.journal.hold(TABLE, item_key(1), Side.TARGET)
    moving.sql("UPDATE people SET name = 'Eve'")
    with capture_logs() as lines:
        moving.people.get(key_of(1))
    assert lines == []


def test_target_that_cannot_be_read_is_no_failure_of_a_read_that_compares(
    moving: Moving,
) -> None:
    moving.set(Phase.DUAL_READ)
    moving.people.put(ADA)
    assert isinstance(moving.move.target, TargetTable)
    writer = evolve(moving.move.target.writer, name="no-such-table")
    missing = evolve(moving.process(), target=TargetTable(writer))
    with capture_logs() as lines:
        assert MovingRepository(missing).get(key_of(1)) == ADA
    assert [line["event"] for line in lines][-1:] == ["the sides were not compared"]


@pytest.mark.parametrize("phase", [Phase.DUAL_WRITE, Phase.DUAL_READ])
def test_recopy_brings_back_what_the_bulk_copy_has_overwritten(
    moving: Moving, phase: Phase
) -> None:
    moving.set(phase)
    moving.people.put(ADA)
    moving.people.put(person(2))
    old = [moving.move.target.read(item_key(id)) for id in (1, 2)]
    moving.people.update(key_of(1), {"name": "Eve"})
    moving.people.delete(key_of(2))
    for item in old:
        put_past(moving, item)
    for id in (1, 2):
        moving.process().recopy(item_key(id))
    assert moving.names(1) == ("Eve", "Eve")
    assert moving.sides(2) == (None, None)
    assert moving.entries() == {}


def put_past(moving: Moving, item: Item | None) -> None:
    """As the bulk copy does."""
    assert isinstance(moving.move.target, TargetTable)
    request = {"TableName": moving.move.target.writer.name, "Item": item}
    moving.move.target.writer.gateway.call("PutItem", request)


def test_repair_tells_what_it_cannot_settle(moving: Moving) -> None:
    moving.set(Phase.TARGET_ONLY)
    moving.people.put(NAMELESS)
    moving.people.put(ADA | key_of(2) | {"id": 2})
    moving.move.journal.hold(TABLE, item_key(4), Side.SOURCE)
    report = repair(moving.process())
    assert (report.settled, report.held) == (1, 1)
    assert [(each.behind, "1364" in each.reason) for each in report.left] == [(Side.SOURCE, True)]
    assert count_behind(moving.move.journal, TABLE).at_rest == {Side.SOURCE: 1, Side.TARGET: 0}
