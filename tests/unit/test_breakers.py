"""What fails again and again is left alone, then tried once at a time until it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from attrs import define, field
from structlog.testing import capture_logs

from infrastructure.system.breakers import BreakerOptions, Breakers
from tests.race.races import race

TABLE = ("users",)


@define
class World:
    """Breakers, in a time that passes only when it is told."""

    failures: int = 3
    now: float = 100.0
    breakers: Breakers = field(init=False)
    changes: list[tuple[str, bool]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        options = BreakerOptions(self.failures, 5.0)
        self.breakers = Breakers(
            options, lambda: self.now, lambda *change: self.changes.append(change)
        )

    def opened(self) -> Breakers:
        """The breakers, of which that of the table has just opened."""
        for _ in range(self.failures):
            assert self.breakers.refusal(TABLE) is None
            self.breakers.tell(TABLE, "500")
        return self.breakers


def test_fewer_failures_in_a_row_open_nothing() -> None:
    breakers = World().breakers
    for _ in range(5):
        breakers.tell(TABLE, "500")
        breakers.tell(TABLE, "500")
        breakers.tell(TABLE)

    assert breakers.refusal(TABLE) is None
    assert breakers.open == {}


def test_so_many_failures_in_a_row_open_it_for_so_many_seconds() -> None:
    world = World()
    breakers = world.opened()

    assert breakers.refusal(TABLE) == 5.0
    world.now += 2
    assert breakers.refusal(TABLE) == 3.0
    assert breakers.open == {"users": 3.0}


def test_each_name_has_a_breaker_of_its_own() -> None:
    breakers = World().opened()

    assert breakers.refusal(["events"]) is None
    assert breakers.refusal(["events", "users"]) == 5.0


def test_one_try_is_made_once_the_time_is_over() -> None:
    world = World()
    breakers = world.opened()
    world.now += 5

    assert [breakers.refusal(TABLE) for _ in range(3)] == [None, 5.0, 5.0]


def test_the_try_is_one_alone_however_many_ask_at_once() -> None:
    world = World()
    breakers = world.opened()
    world.now += 5

    def ask(_: int, ready: Callable[[], None]) -> float | None:
        ready()
        return breakers.refusal(TABLE)

    assert race(ask, "lockstep").count(None) == 1


def test_a_call_that_is_not_made_spends_no_try() -> None:
    world = World()
    breakers = world.opened()
    world.now += 3
    for _ in range(world.failures):
        breakers.tell(["events"], "500")
    world.now += 2

    assert breakers.refusal(["users", "events"]) == 3.0
    assert breakers.refusal(["users"]) is None


@pytest.mark.parametrize("seconds", [5, 7])
def test_what_is_due_for_a_try_is_not_left_alone(seconds: float) -> None:
    world = World()
    breakers = world.opened()
    world.now += seconds

    assert breakers.open == {}


def test_who_looks_while_it_opens_sees_nothing_left_alone_yet() -> None:
    seen: list[Mapping[str, float]] = []

    def monotonic() -> float:
        if not seen:
            seen.append({})  # looking asks for the time, too
            seen.append(breakers.open)
        return 0.0

    breakers = Breakers(BreakerOptions(1, 5.0), monotonic)
    breakers.tell(TABLE, "500")

    assert seen == [{}, {}]
    assert breakers.open == {"users": 5.0}


def test_a_try_that_is_answered_closes_it() -> None:
    world = World()
    breakers = world.opened()
    world.now += 5
    breakers.refusal(TABLE)
    breakers.tell(TABLE)

    assert breakers.refusal(TABLE) is None
    breakers.tell(TABLE, "500")
    assert breakers.open == {}  # the failures are counted from the beginning


def test_a_try_that_fails_opens_it_anew() -> None:
    world = World()
    breakers = world.opened()
    world.now += 5
    breakers.refusal(TABLE)
    world.now += 3
    breakers.tell(TABLE, "500")

    assert breakers.refusal(TABLE) == 5.0


def test_a_try_of_which_nobody_hears_is_followed_by_another() -> None:
    world = World()
    breakers = world.opened()
    world.now += 5
    breakers.refusal(TABLE)
    world.now += 5

    assert breakers.refusal(TABLE) is None


def test_what_was_sent_before_it_opened_changes_nothing() -> None:
    world = World()
    breakers = world.opened()
    world.now += 4
    breakers.tell(TABLE, "500")
    breakers.tell(TABLE)

    assert breakers.refusal(TABLE) == 1.0


def test_it_is_told_once_that_it_is_left_alone_and_once_that_it_works() -> None:
    world = World()
    with capture_logs() as lines:
        breakers = world.opened()
        for _ in range(3):
            world.now += 5
            breakers.refusal(TABLE)
            breakers.tell(TABLE, "500")
        world.now += 5
        breakers.refusal(TABLE)
        breakers.tell(TABLE)

    told = [(line["log_level"], line["what"]) for line in lines]
    assert told == [("warning", "users"), ("info", "users")]
    assert world.changes == [("users", True), ("users", False)]
