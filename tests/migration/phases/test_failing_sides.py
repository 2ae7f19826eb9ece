"""What becomes of a write where one of the two sides fails, and what reads see meanwhile."""

from __future__ import annotations

from decimal import Decimal

import pytest

from application.errors import CommitOutcomeUnknown, Unreachable
from infrastructure.migration.phases.phase import Phase
from infrastructure.migration.phases.repair import repair
from tests.migration.phases.failing import without
from tests.migration.phases.moving import WRITE_BOTH, Moving, key_of, moving, person

__all__ = ["moving"]

pytestmark = pytest.mark.engine

ADA = person(1, email="ada@example.org", score=Decimal("12.50"))
BOTH = pytest.mark.parametrize("phase", WRITE_BOTH)


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
