"""What a runner of projectors does when something goes wrong, and how it is stopped."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from attrs import evolve, frozen
from structlog.testing import capture_logs

from application.errors import Unreachable
from application.ports.dcb_store import SequencedEvent
from application.ports.projection_store import StateUnreadable
from application.ports.subscriptions import ChangesTrimmed
from domain.errors import InvalidValue
from infrastructure.projections.projection import SavePolicy
from infrastructure.projections.runner import ProjectorRunner, projector_key
from infrastructure.projections.several import ProjectionRunner
from infrastructure.subscriptions.leases import Checkpoint
from tests.projecting import PAST, Projecting, projecting
from tests.samples.projectors import TALLY, Tally, another, fold
from tests.stores import memory_store
from tests.tagged_events.following import HOUR, LaggingChanges
from tests.tagged_events.samples import BOOK, PAGE
from tests.times import NOW


@pytest.fixture
def world() -> Projecting:
    return projecting(memory_store())


def append(world: Projecting, texts: str) -> None:
    for text in texts:
        world.notes.note(text, BOOK)
        world.notes.clock.advance(0.1)


@frozen
class Other:
    """Not a tally."""

    students: list[str]


class Failing:
    """A fold that fails so many times at one event."""

    def __init__(self, event_id: str, error: Exception, times: int = 1) -> None:
        self.event_id, self.error, self.times = event_id, error, times

    def __call__(self, tally: Tally, event: SequencedEvent) -> Tally:
        if event.event_id == self.event_id and self.times:
            self.times -= 1
            raise self.error
        return fold(tally, event)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no such course"), "round of a projector failed"),
        (Unreachable(operation="GetItem"), "projector cannot reach its store"),
    ],
)
def test_a_round_that_fails_is_told_counted_and_tried_again(
    world: Projecting, error: Exception, told: str
) -> None:
    append(world, "abc")
    runner = world.runner(evolve(TALLY, fold=Failing("b", error, times=2)), wait=world.passing(6))
    with capture_logs() as logs:
        runner.run()
    assert runner.failures == 2
    assert [line["event"] for line in logs] == [told, told]
    assert world.state() == world.expected()


def test_catching_up_raises_what_goes_wrong(world: Projecting) -> None:
    append(world, "a")
    failing = evolve(TALLY, fold=Failing("a", ValueError("no such course")))
    with pytest.raises(ValueError, match="no such course"):
        world.runner(failing).catch_up()
    assert world.read() is None


def test_catching_up_ends_with_what_is_out_of_the_safe_window(world: Projecting) -> None:
    append(world, "a")
    world.run()
    append(world, "b")
    world.notes.clock.advance(PAST)
    append(world, "c")
    world.runner().catch_up()
    assert world.folded == list("ab")


def test_a_feed_that_does_not_go_back_so_far_has_everything_folded_again(
    world: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(world, "ab")
    world.run()
    world.notes.note("0", PAGE, seconds_ago=HOUR)

    def trimmed(source: LaggingChanges, checkpoint: Checkpoint) -> None:
        raise ChangesTrimmed("tagged-events", None, NOW)

    monkeypatch.setattr(LaggingChanges, "resume", trimmed)
    with capture_logs() as logs:
        world.run()
    assert [line["event"] for line in logs] == ["projection is rebuilt"]
    assert world.state() == world.expected()


def test_a_state_that_another_code_stored_is_told_and_left_alone(world: Projecting) -> None:
    append(world, "a")
    world.run()
    before = world.states.latest("tally", "1")
    changed: Any = evolve(TALLY, state_type=Other)  # type: ignore[arg-type] # that is the mistake
    with pytest.raises(StateUnreadable, match="tally 1"):
        world.runner(changed).catch_up()
    assert world.states.latest("tally", "1") == before


def test_an_instance_stands_by_while_another_one_runs(world: Projecting) -> None:
    append(world, "ab")
    folded: list[int] = []

    def second(_: object) -> None:
        if not folded:
            standing_by = world.runner()
            standing_by.run()
            folded.append(len(world.progress))

    world.runner(on_progress=second).run()
    assert folded == [0]
    assert world.folded == list("ab")


def test_the_next_instance_goes_on_when_the_lease_has_ended(world: Projecting) -> None:
    append(world, "ab")
    taken: list[bool] = []

    def overtaking(_: object) -> None:
        if not taken:
            taken.append(True)
            world.notes.clock.advance(120)
            append(world, "cd")
            world.run()

    with capture_logs() as logs:
        world.runner(on_progress=overtaking, policy=SavePolicy(events=1)).run()
    assert [line["event"] for line in logs] == ["projector begins anew"]
    assert world.state() == world.expected()


def test_an_instance_notices_that_its_state_was_invalidated(world: Projecting) -> None:
    append(world, "ab")
    times = iter(range(20))

    def wait(stopping: Event, seconds: float) -> None:
        world.notes.clock.advance(10)
        time = next(times)
        found = world.states.latest("tally", "1")
        if time == 5 and found is not None:
            world.states.invalidate("tally", "1", found.stamp)
        if time == 12:
            stopping.set()

    world.runner(wait=wait).run()
    assert world.folded == list("abab")
    found = world.states.latest("tally", "1")
    assert found is not None
    assert (found.generation, found.is_live) == (2, True)


def test_rebuilding_waits_for_the_instance_that_has_the_lease(world: Projecting) -> None:
    append(world, "ab")
    runs: list[ProjectorRunner] = []

    def wait(stopping: Event, seconds: float) -> None:
        world.notes.clock.advance(10)
        if not runs:
            runs.append(world.runner(wait=lambda _, __: world.notes.clock.advance(61)))
            runs[0].rebuild()
        elif len(world.folded) >= 4:
            stopping.set()

    world.runner(wait=wait).run()
    assert world.folded[-2:] == list("ab")
    assert world.state() == world.expected()


def test_a_state_is_stored_after_so_many_events_and_so_many_seconds(world: Projecting) -> None:
    world = evolve(world, page_size=2)
    append(world, "abcdef")
    world.runner(policy=SavePolicy(events=4), wait=world.passing(2)).run()
    first = world.states.latest("tally", "1")
    assert first is not None
    assert first.stamp.revision == 3  # the seconds, four events, and when it had caught up


def test_an_idle_projection_stores_its_place_in_the_feed_every_quarter_of_an_hour(
    world: Projecting,
) -> None:
    append(world, "a")
    world.run()
    before = world.states.latest("tally", "1")

    def wait(stopping: Event, seconds: float) -> None:
        if world.notes.clock.now() > start + timedelta(minutes=31):
            stopping.set()
        world.notes.clock.advance(30)

    start = world.notes.clock.now()
    world.runner(wait=wait).run()
    after = world.states.latest("tally", "1")
    assert before is not None
    assert after is not None
    assert after.stamp.revision == before.stamp.revision + 3  # once when it had caught up


def test_progress_is_told_page_by_page(world: Projecting) -> None:
    world = evolve(world, page_size=2)
    append(world, "abcde")
    world.runner().catch_up()
    told = [(progress.events, progress.has_caught_up) for progress in world.progress]
    assert told[-3:] == [(2, False), (4, False), (5, True)]


def test_several_projectors_run_at_once_and_are_stopped_together(world: Projecting) -> None:
    append(world, "abc")
    world.notes.clock.advance(PAST)
    projectors = [another("first"), another("second"), TALLY]
    several = ProjectionRunner([world.runner(each) for each in projectors])
    several.run()
    found = world.states.list()
    assert [state.projector for state in found] == ["first", "second", "tally"]
    assert [state.events_processed for state in found] == [3, 3, 3]


def test_what_one_of_several_raises_is_raised_when_all_have_ended(world: Projecting) -> None:
    append(world, "abc")
    failing = evolve(TALLY, fold=Failing("a", ValueError("no such course")))
    several = ProjectionRunner([world.runner(failing), world.runner(another("second"))])
    with pytest.raises(ValueError, match="no such course"):
        several.catch_up()
    assert [state.projector for state in world.states.list()] == ["second"]


def test_it_is_late_when_one_of_several_has_folded_nothing_for_two_minutes(
    world: Projecting,
) -> None:
    append(world, "abc")
    failing = evolve(TALLY, fold=Failing("a", ValueError("no such course"), times=100))
    late: list[bool] = []
    runners = [world.runner(failing), world.runner(another("second"))]
    several = ProjectionRunner(runners)

    def look(stopping: Event, _: float) -> None:
        world.notes.clock.advance(50)
        late.append(several.is_late)
        if len(late) == 4:
            stopping.set()

    runners[0].wait = look
    with capture_logs():
        runners[0].run()

    assert late == [False, False, True, True]


def test_one_that_stands_by_or_has_nothing_to_fold_is_not_late(world: Projecting) -> None:
    first, second = world.runner(), world.runner()
    late: list[bool] = []

    def look(stopping: Event, seconds: float) -> None:
        late.append(ProjectionRunner([first, second]).is_late)
        world.notes.clock.advance(50)
        if len(late) == 20:
            first.stop()
            second.stop()

    def let_the_other_look(stopping: Event, seconds: float) -> None:
        look(stopping, seconds)
        if not second._stopping.is_set():
            second._hold(until_caught_up=True)

    first.wait, second.wait = let_the_other_look, look
    first.run()

    assert late == [False] * len(late)
    assert len(late) >= 20


def test_a_stopped_runner_runs_no_more(world: Projecting) -> None:
    append(world, "abc")
    several = ProjectionRunner([world.runner()])
    several.stop()
    several.run()
    assert world.folded == []


def test_the_key_of_its_lease_is_stored() -> None:
    assert projector_key(TALLY) == "tagged-events#projector:tally:1"


def test_a_name_that_can_be_no_key_is_refused() -> None:
    with pytest.raises(InvalidValue, match="projector"):
        another("a/b")


def test_the_lag_is_what_is_left_to_read_and_nothing_once_all_is_read() -> None:
    world = projecting(memory_store(), page_size=1)
    append(world, "a")
    world.notes.clock.advance(60)
    append(world, "b")
    world.notes.pass_window()

    world.run()

    first, second, *others = [each.lag for each in world.progress if each.lag is not None]
    assert first >= timedelta(seconds=60) > second > timedelta()
    # Time goes on without events, which is no lag.
    assert set(others) == {timedelta()}
