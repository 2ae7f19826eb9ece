"""Reading and writing a table in each phase of its move."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from application.errors import CommitOutcomeUnknown, StorageError, Unreachable
from domain.errors import NotFound
from infrastructure.dynamodb.items import Item
from infrastructure.migration.conversion.records import InvalidRecord
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
EVERY = pytest.mark.parametrize("phase", list(Phase))
BOTH = pytest.mark.parametrize("phase", [phase for phase in Phase if phase.writes_both])


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
    moving.people.put(ADA)
    moving.people.put({**ADA, "pk": "PERSON#2", "id": 2})
    assert moving.names(2) == (None, "Ada")
    assert moving.entries() == {"PERSON#2": "source"}
    moving.people.update(key_of(2), {"email": None})
    assert moving.names(2) == ("Ada", "Ada")
    assert moving.entries() == {}


@pytest.mark.parametrize("is_lost", [False, True], ids=["refused", "lost"])
@BOTH
def test_failure_of_the_side_that_follows_is_no_failure_of_the_caller(
    moving: Moving, phase: Phase, *, is_lost: bool
) -> None:
    moving.set(phase)
    follower = phase.leader.other
    without(moving, follower, is_lost=is_lost).people.put(ADA)
    assert moving.people.get(key_of(1)) == ADA
    assert moving.entries() == {"PERSON#1": follower.value}
    assert repair(moving.process()).settled == 1
    assert moving.names(1) == ("Ada", "Ada")
    assert moving.entries() == {}


@BOTH
def test_failure_of_the_side_that_leads_is_the_caller_s_and_leaves_nothing(
    moving: Moving, phase: Phase
) -> None:
    moving.set(phase)
    with pytest.raises(Unreachable):
        without(moving, phase.leader).people.put(ADA)
    assert moving.sides(1) == (None, None)
    assert moving.entries() == {}


@BOTH
def test_unknown_outcome_stays_known_until_repair(moving: Moving, phase: Phase) -> None:
    moving.set(phase)
    with pytest.raises(CommitOutcomeUnknown):
        without(moving, phase.leader, is_lost=True).people.put(ADA)
    assert moving.entries() == {"PERSON#1": phase.leader.other.value}
    repair(moving.process())
    assert moving.names(1) == ("Ada", "Ada")
    assert moving.entries() == {}


@BOTH
def test_refused_write_keeps_what_was_behind_before(moving: Moving, phase: Phase) -> None:
    moving.set(phase)
    without(moving, phase.leader.other).people.put(ADA)
    with pytest.raises(Unreachable):
        without(moving, phase.leader).people.put(person(1, "Eve"))
    assert moving.entries() == {"PERSON#1": phase.leader.other.value}
    moving.people.put(person(1, "Eve"))
    assert moving.names(1) == ("Eve", "Eve")
    assert moving.entries() == {}


@pytest.mark.parametrize("phase", [Phase.DUAL_READ, Phase.TARGET_FIRST])
def test_leader_that_is_behind_is_settled_before_it_is_written(
    moving: Moving, phase: Phase
) -> None:
    """An update of what it lacks would lose that otherwise."""
    before = PREVIOUS[phase]
    moving.set(before)
    moving.people.put(ADA)
    without(moving, phase.leader).people.update(key_of(1), {"name": "Eve", "greeting": "Hello Eve"})
    moving.set(phase, before)
    moving.people.update(key_of(1), {"score": None})
    assert moving.people.get(key_of(1)) == person(1, "Eve", email="ada@example.org")
    assert moving.unequal(range(1, 2)) == []
    assert moving.entries() == {}


PREVIOUS = {Phase.TARGET_FIRST: Phase.DUAL_READ, Phase.DUAL_READ: Phase.TARGET_FIRST}


@pytest.mark.parametrize("phase", list(PREVIOUS))
def test_while_the_leader_changes_a_write_is_acknowledged_when_both_have_it(
    moving: Moving, phase: Phase
) -> None:
    moving.set(phase, PREVIOUS[phase])
    with pytest.raises(CommitOutcomeUnknown):
        without(moving, phase.leader.other).people.put(ADA)
    assert moving.entries() == {"PERSON#1": phase.leader.other.value}
    moving.set(phase)
    without(moving, phase.leader.other).people.put(ADA)


@pytest.mark.parametrize("phase", list(PREVIOUS))
def test_while_the_leader_changes_no_read_goes_back_behind_an_acknowledged_write(
    moving: Moving, phase: Phase
) -> None:
    moving.set(PREVIOUS[phase])
    without(moving, phase.leader).people.put(ADA)
    moving.set(phase, PREVIOUS[phase])
    assert moving.people.get(key_of(1)) == ADA


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
    missing = evolve(moving.process(), target=evolve(moving.move.target, name="no-such-table"))
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
    request = {"TableName": moving.move.target.name, "Item": item}
    moving.move.target.gateway.call("PutItem", request)


def test_repair_tells_what_it_cannot_settle(moving: Moving) -> None:
    moving.set(Phase.TARGET_ONLY)
    for id in range(1, 4):
        moving.people.put(person(id, email="ada@example.org"))
    moving.move.journal.hold(TABLE, item_key(4), Side.SOURCE)
    report = repair(moving.process())
    assert (report.settled, report.held) == (1, 1)
    assert [(each.behind, "1062" in each.reason) for each in report.left] == [
        (Side.SOURCE, True)
    ] * 2
    assert count_behind(moving.move.journal, TABLE).at_rest == {Side.SOURCE: 2, Side.TARGET: 0}
