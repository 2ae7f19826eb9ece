"""The switch of a table, and the steps that move it."""

from __future__ import annotations

import pytest
from attrs import evolve

from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.phase import NoSuchStep, Phase, Side, Switch
from infrastructure.migration.phases.steps import Direction, Steps, StillBehind
from infrastructure.migration.phases.switch import SeenSwitch, SwitchMoved, SwitchTable
from tests.migration.phases.tables import KEY, TABLE, journal_on, switches_on
from tests.stores import Store, on_dynamodb

pytestmark = on_dynamodb

ORDER = list(Phase)
FORWARD: list[Direction] = ["forward"] * 4
BACK: list[Direction] = ["back"] * 4


@pytest.fixture
def switches(store: Store) -> SwitchTable:
    return switches_on(store)


@pytest.fixture
def journal(store: Store) -> Journal:
    return journal_on(store)


@pytest.fixture
def steps(switches: SwitchTable, journal: Journal) -> Steps:
    return Steps(switches=switches, journal=journal, sleep=lambda _: None)


def take(steps: Steps, *directions: Direction) -> list[Phase]:
    return [steps.take(TABLE, direction).phase for direction in directions]


def test_table_begins_in_the_source_alone(switches: SwitchTable) -> None:
    assert switches.read(TABLE) == Switch(Phase.SOURCE_ONLY)


def test_steps_go_through_all_phases_and_back(steps: Steps) -> None:
    assert take(steps, *FORWARD) == ORDER[1:]
    assert take(steps, *BACK) == ORDER[-2::-1]


@pytest.mark.parametrize(("before", "direction"), [(0, "back"), (4, "forward")])
def test_there_is_no_step_beyond_the_ends(steps: Steps, before: int, direction: Direction) -> None:
    take(steps, *FORWARD[:before])
    with pytest.raises(NoSuchStep, match=ORDER[before]):
        steps.take(TABLE, direction)


def test_tables_have_switches_of_their_own(steps: Steps, switches: SwitchTable) -> None:
    take(steps, "forward")
    assert switches.read("another").phase is Phase.SOURCE_ONLY


def test_step_waits_until_no_process_acts_by_the_phase_before(
    steps: Steps, switches: SwitchTable
) -> None:
    seen = []

    def sleep(seconds: float) -> None:
        seen.append((seconds, switches.read(TABLE).previous))

    evolve(steps, sleep=sleep, max_age=7.0).take(TABLE, "forward")
    assert seen == [(7.0 + steps.journal.lease.total_seconds(), Phase.SOURCE_ONLY)]
    assert switches.read(TABLE).previous is None


def stopped(steps: Steps, direction: Direction) -> None:
    """A command that is stopped while it waits."""

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evolve(steps, sleep=stop).take(TABLE, direction)


def test_stopped_step_stays_under_way_and_is_ended_by_the_same_command(
    steps: Steps, switches: SwitchTable
) -> None:
    stopped(steps, "forward")
    assert switches.read(TABLE).previous is Phase.SOURCE_ONLY
    assert steps.take(TABLE, "forward") == Switch(Phase.DUAL_WRITE, None, 2)


def test_from_a_step_under_way_the_only_other_one_leads_back(
    steps: Steps, switches: SwitchTable
) -> None:
    take(steps, "forward")
    stopped(steps, "forward")
    assert take(steps, "back") == [Phase.DUAL_WRITE]
    stopped(steps, "back")
    assert switches.read(TABLE).previous is Phase.DUAL_WRITE
    assert take(steps, "forward") == [Phase.DUAL_WRITE]


def test_of_two_who_saw_the_same_one_moves_the_switch(switches: SwitchTable) -> None:
    for number in range(3):
        seen = switches.read(TABLE)
        switches.begin(TABLE, seen, ORDER[number + 1])
        with pytest.raises(SwitchMoved):
            switches.settle(TABLE, seen)
        switches.settle(TABLE, switches.read(TABLE))


@pytest.mark.parametrize(
    ("before", "direction", "side"), [(2, "forward", Side.TARGET), (3, "back", Side.SOURCE)]
)
def test_leader_does_not_change_while_it_is_behind(
    steps: Steps, switches: SwitchTable, before: int, direction: Direction, side: Side
) -> None:
    take(steps, *FORWARD[:before])
    steps.journal.leave(steps.journal.hold(TABLE, KEY, side), "the test says so")
    with pytest.raises(StillBehind, match=f"1 keys of {TABLE} are behind on the {side}"):
        steps.take(TABLE, direction)
    assert switches.read(TABLE) == Switch(ORDER[before], None, 2 * before)


@pytest.mark.parametrize(
    ("before", "direction", "side"), [(2, "forward", Side.SOURCE), (3, "back", Side.TARGET)]
)
def test_what_is_behind_on_the_other_side_hinders_no_step(
    steps: Steps, journal: Journal, before: int, direction: Direction, side: Side
) -> None:
    take(steps, *FORWARD[:before])
    journal.leave(journal.hold(TABLE, KEY, side), "the test says so")
    steps.take(TABLE, direction)


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "at rest"])
def test_step_stays_under_way_while_a_writer_of_the_old_phase_leaves_the_leader_behind(
    steps: Steps, switches: SwitchTable, journal: Journal, *, is_held: bool
) -> None:
    take(steps, "forward", "forward")

    def write(_: float) -> None:
        if (held := journal.try_hold(TABLE, KEY, Side.TARGET)) is not None and not is_held:
            journal.leave(held, "the test says so")

    with pytest.raises(StillBehind):
        evolve(steps, sleep=write).take(TABLE, "forward")
    assert switches.read(TABLE).previous is Phase.DUAL_READ


def test_what_was_seen_is_believed_for_its_age_alone(switches: SwitchTable) -> None:
    now = [0.0]
    seen = SeenSwitch(switches, TABLE, lambda: now[0], max_age=5.0)
    assert seen.now().phase is Phase.SOURCE_ONLY
    switches.begin(TABLE, Switch(), Phase.DUAL_WRITE)
    now[0] = 4.9
    assert seen.now().phase is Phase.SOURCE_ONLY
    now[0] = 5.0
    assert seen.now() == Switch(Phase.DUAL_WRITE, Phase.SOURCE_ONLY, 1)


def test_age_counts_from_before_the_answer(switches: SwitchTable) -> None:
    times = iter([0.0, 4.9, 5.0, 5.0])
    seen = SeenSwitch(switches, TABLE, lambda: next(times), max_age=5.0)
    seen.now()
    switches.begin(TABLE, Switch(), Phase.DUAL_WRITE)
    assert [seen.now().phase for _ in range(2)] == [Phase.SOURCE_ONLY, Phase.DUAL_WRITE]
