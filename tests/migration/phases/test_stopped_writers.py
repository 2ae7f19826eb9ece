"""Writers that stop, or sleep, between any two of their steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from attrs import evolve

from application.errors import CommitOutcomeUnknown, StorageError
from infrastructure.dynamodb.items import Item
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.phase import Phase, Side
from infrastructure.migration.phases.repair import repair
from infrastructure.migration.phases.store import Fence, KeyLost
from infrastructure.migration.phases.switch import SeenSwitch
from tests.migration.phases.failing import Points, Stopped, later, stop, watched, without
from tests.migration.phases.moving import Moving, item_key, key_of, moving, person
from tests.migration.phases.tables import TABLE

__all__ = ["moving"]

pytestmark = pytest.mark.engine

ADA, EVE, BOB = (person(1, name) for name in ("Ada", "Eve", "Bob"))

WRITES: dict[str, Callable[[MovingRepository], object]] = {
    "put": lambda people: people.put(EVE),
    "update": lambda people: people.update(key_of(1), {"name": "Eve", "greeting": "Hello Eve"}),
    "delete": lambda people: people.delete(key_of(1)),
}
PHASES = {phase.value: (phase, None) for phase in Phase if phase is not Phase.SOURCE_ONLY} | {
    "to target-first": (Phase.TARGET_FIRST, Phase.DUAL_READ),
    "back to dual-read": (Phase.DUAL_READ, Phase.TARGET_FIRST),
}
CASES = [
    *((phase, "put", False) for phase in PHASES),
    *((phase, write, False) for phase in ("dual-write", "target-first") for write in WRITES),
    *((phase, "update", True) for phase in ("to target-first", "back to dual-read")),
]

in_each_phase = pytest.mark.parametrize("phase", PHASES)


def prepare(moving: Moving, phase: str, *, behind: bool) -> None:
    """Both sides have Ada; or the side that leads now lacks that, and the journal knows it."""
    current, previous = PHASES[phase]
    moving.set(Phase.DUAL_WRITE)
    moving.people.put(person(1, "Old") if behind else ADA)
    if behind:
        moving.set(previous or current)
        without(moving, current.leader if previous else current.leader.other).people.put(ADA)
    moving.set(current, previous)


@pytest.mark.parametrize(("phase", "write", "behind"), dict.fromkeys(CASES))
def test_stopped_writer_leaves_what_repair_makes_equal(
    moving: Moving, phase: str, write: str, *, behind: bool
) -> None:
    name = None if write == "delete" else "Eve"
    for number in count():
        prepare(moving, phase, behind=behind)
        points = Points(number, stop)
        try:
            WRITES[write](watched(moving, points).people)
        except Stopped:
            pass
        else:
            assert number >= 6
            return
        report = repair(later(moving).process())
        assert report.left == []
        source, target = moving.names(1)
        assert source == target
        assert source in {"Ada", name}
        assert moving.entries() == {}


@in_each_phase
def test_next_writer_goes_on_from_where_a_writer_stopped(moving: Moving, phase: str) -> None:
    for number in count():
        prepare(moving, phase, behind=False)
        try:
            watched(moving, Points(number, stop)).people.put(EVE)
        except Stopped:
            pass
        else:
            return
        later(moving).people.update(key_of(1), {"score": number})
        repair(later(moving).process())  # in target-only
        source, target = moving.sides(1)
        assert source == target
        assert source is not None
        assert source["name"]["S"] in {"Ada", "Eve"}
        assert source["score"] == {"N": str(number)}


@in_each_phase
def test_writer_that_slept_longer_than_its_lease_overwrites_no_later_one(
    moving: Moving, phase: str
) -> None:
    """Wherever it wakes up once it had the key, the later write stands on both sides."""
    for number in count(1):
        prepare(moving, phase, behind=False)
        points = Points(number, lambda: later(moving).people.put(BOB))
        with suppress(KeyLost, CommitOutcomeUnknown):
            watched(moving, points).people.put(EVE)
        if not points.is_reached:
            return
        repair(later(moving).process())
        # Its last step leaves nothing that it could be late with.
        assert moving.names(1) == ("Bob", "Bob")
        assert moving.entries() == {}


def test_writer_that_sleeps_before_its_commit_makes_the_next_one_wait_or_loses_its_session(
    moving: Moving,
) -> None:
    """The server ends the session one lease after it stalled; until then its lock holds."""
    moving.set(Phase.DUAL_WRITE)
    moving.people.put(ADA)
    move = moving.process()
    held = move.journal.hold(TABLE, item_key(1), Side.TARGET)

    def sleep(item: Item | None) -> Item | None:
        later(moving).people.put(BOB)  # waits for the lock of the session that sleeps
        return {**(item or {}), "name": {"S": "Eve"}}

    with pytest.raises(StorageError):
        move.source.change(item_key(1), sleep, move.fence(held))
    assert moving.names(1) == ("Bob", "Bob")


def test_key_that_was_taken_over_is_seen_behind_the_lock_of_the_source(moving: Moving) -> None:
    moving.people.put(ADA)
    with pytest.raises(KeyLost, match="pk=PERSON#1 of people was taken over"):
        moving.move.source.change(item_key(1), lambda _: None, Fence(lambda: False))
    assert moving.names(1)[0] == "Ada"


def test_source_only_writer_that_wakes_up_after_the_step_writes_by_the_new_phase(
    moving: Moving,
) -> None:
    now = [0.0]
    switch = SeenSwitch(moving.switches, TABLE, lambda: now[0], max_age=5.0)
    assert switch.now().phase is Phase.SOURCE_ONLY
    moving.set(Phase.DUAL_WRITE)

    def wake_up() -> None:
        now[0] = 100.0

    slow = watched(moving, Points(0, wake_up))
    MovingRepository(evolve(slow.move, switch=switch)).put(EVE)
    assert moving.names(1) == ("Eve", "Eve")


def test_writer_that_believes_in_an_old_phase_looks_again_once_it_has_the_key(
    moving: Moving,
) -> None:
    now = [0.0]
    moving.set(Phase.DUAL_WRITE)
    switch = SeenSwitch(moving.switches, TABLE, lambda: now[0], max_age=5.0)
    assert switch.now().phase is Phase.DUAL_WRITE

    def wake_up() -> None:
        moving.set(Phase.TARGET_ONLY)
        now[0] = 100.0

    slow = watched(moving, Points(1, wake_up))
    MovingRepository(evolve(slow.move, switch=switch)).put(EVE)
    assert moving.names(1) == (None, "Eve")
    assert moving.entries() == {"PERSON#1": "source"}
