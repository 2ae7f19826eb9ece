"""A whole move while writers are at work, with a crash in each phase and one step back."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from attrs import define, evolve, field

from application.errors import CommitOutcomeUnknown, StorageError
from domain.errors import Conflict
from infrastructure.dynamodb.items import Item
from infrastructure.migration.phases.move import Move
from infrastructure.migration.phases.moving_repository import MovingRepository
from infrastructure.migration.phases.phase import Phase
from infrastructure.migration.phases.repair import repair
from infrastructure.migration.phases.steps import Direction, Steps, StillBehind
from tests.migration.phases.bulk import copy_in_bulk, verification
from tests.migration.phases.failing import Points, Stopped, stop, watched
from tests.migration.phases.moving import (
    MAX_AGE,
    Moving,
    item_key,
    key_of,
    moving,
    person,
)
from tests.migration.phases.tables import TABLE

__all__ = ["moving"]

pytestmark = [pytest.mark.engine, pytest.mark.race]

WRITERS = 4
SHARED = range(1, 4)  # every writer counts there, in an attribute of its own
ONCE = (50, 51)  # written while the bulk copy is at work, and never again
COMING_AND_GOING = 100  # and this, with its number, is a record of its own


@define
class Writer:
    """A process of its own. It knows what each of its values may be, and looks after each write.

    That is one value, unless the outcome of a write is unknown, or the process stopped.
    """

    number: int
    moving: Moving
    is_over: Event
    may_be: dict[int, set[int | None]] = field(factory=dict)
    written: int = 0
    stopped: int = 0
    wrong: list[str] = field(factory=list)

    def work(self) -> Writer:
        chance = random.Random(self.number)
        process = self.moving.process()
        while not self.is_over.is_set():
            id = chance.choice([*SHARED, COMING_AND_GOING + self.number])
            # One write in five stops somewhere; a new process goes on.
            stops = chance.randrange(12) if chance.random() < 0.2 else None
            self.write(process, id, stops, is_removal=chance.random() < 0.3)
            self.look(MovingRepository(process), id)
        return self

    def write(self, process: Move, id: int, stops: int | None, *, is_removal: bool) -> None:
        value: int | None = self.written + 1
        writer = MovingRepository(process)
        if stops is not None:
            seen = evolve(self.moving, move=process)
            stopping = watched(seen, Points(stops, stop)).move
            writer = MovingRepository(stopping)
        if id in SHARED:
            change: Callable[[], object] = lambda: writer.update(key_of(id), {self.name: value})  # noqa: E731 one of three
        elif is_removal:
            value = None
            change = lambda: writer.delete(key_of(id))  # noqa: E731 likewise
        else:
            change = lambda: writer.put({**person(id), self.name: value})  # noqa: E731 likewise
        before = self.may_be.get(id, {None})
        try:
            change()
        except (CommitOutcomeUnknown, Stopped) as error:
            self.stopped += isinstance(error, Stopped)
            self.may_be[id] = {*before, value}
        except (Conflict, StorageError):
            pass  # nothing was written
        else:
            self.written += 1
            self.may_be[id] = {value}

    def look(self, people: MovingRepository, id: int) -> None:
        """No read goes back behind what was acknowledged."""
        found = people.get(key_of(id))
        value = None if found is None else found.get(self.name)
        allowed: set[int | None] = self.may_be.get(id, {None})
        if value not in allowed:
            self.wrong.append(f"{id}: read {value!r}, acknowledged {allowed}")

    @property
    def name(self) -> str:
        return f"w{self.number}"


def repair_what_differs(moving: Moving) -> None:
    """Until those that nobody writes any more are equal. Others differ while they are written."""
    spoiled = [item_key(id) for id in ONCE]
    while True:
        [found] = verification(moving, repair=True).run().tables
        if not any(each.place in spoiled for each in found.differences):
            return


def take(steps: Steps, moving: Moving, direction: Direction) -> Phase:
    """One step; where the leader is behind, repair first, as the error says."""
    while True:
        try:
            return steps.take(TABLE, direction).phase
        except StillBehind:
            repair(moving.process())


def wait_for_writes(writers: list[Writer], more: int = 2) -> None:
    """Until each writer has written so often again, and one more of them has stopped somewhere."""
    wanted = [writer.written + more for writer in writers]
    stopped = sum(writer.stopped for writer in writers)
    pause = Event()
    while any(
        writer.written < count for writer, count in zip(writers, wanted, strict=True)
    ) or stopped == sum(writer.stopped for writer in writers):
        pause.wait(0.01)


def test_move_with_crashes_and_a_step_back_loses_no_write(moving: Moving, tmp_path: Path) -> None:
    for id in SHARED:
        moving.people.put(person(id))
    moving.sql("INSERT INTO people (person_id, name) VALUES (50, 'Old'), (51, 'Older')")
    is_over = Event()
    writers = [Writer(number, moving, is_over) for number in range(WRITERS)]
    sleep = moving.move.journal.gateway.retry.sleep
    steps = Steps(
        switches=moving.switches, journal=moving.move.journal, sleep=sleep, max_age=MAX_AGE
    )
    with ThreadPoolExecutor(WRITERS) as pool:
        working = [pool.submit(writer.work) for writer in writers]
        try:
            wait_for_writes(writers)
            assert take(steps, moving, "forward") is Phase.DUAL_WRITE
            copy_in_bulk(moving, tmp_path, lambda: write_once(moving, writers))
            assert moving.names(50) == ("New", "Old")
            assert moving.sides(51)[1] is not None
            repair_what_differs(moving)
            directions: list[Direction] = ["forward", "forward", "back", "forward", "forward"]
            for direction in directions:
                take(steps, moving, direction)
                wait_for_writes(writers)
        finally:
            is_over.set()
        for each in working:
            each.result()
    assert moving.switches.read(TABLE).phase is Phase.TARGET_ONLY
    assert [writer.wrong for writer in writers] == [[]] * WRITERS
    settle_all(moving)
    assert_as_acknowledged(moving, writers)


def write_once(moving: Moving, writers: list[Writer]) -> None:
    moving.people.update(key_of(50), {"name": "New"})
    moving.people.delete(key_of(51))
    wait_for_writes(writers)


def settle_all(moving: Moving) -> None:
    """Until nothing is behind: leases of those that stopped end first."""
    pause = Event()
    while moving.entries():
        assert repair(moving.process()).left == []
        pause.wait(0.1)


def assert_as_acknowledged(moving: Moving, writers: list[Writer]) -> None:
    assert moving.names(50) == ("New", "New")
    assert moving.sides(51) == (None, None)
    for writer in writers:
        for id, allowed in writer.may_be.items():
            source, target = moving.sides(id)
            assert source == target
            assert counted(target, writer.name) in allowed


def counted(item: Item | None, name: str) -> int | None:
    return None if item is None or name not in item else int(item[name]["N"])
