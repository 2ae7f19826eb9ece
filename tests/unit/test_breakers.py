"""What fails again and again is left alone, then tried once at a time until it works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from infrastructure.system import breakers as module
from infrastructure.system.breakers import BreakerOptions, Breakers
from tests.race.races import race

TABLE = ("users",)


class Clock(datetime):
    """The wall clock, which goes on only when told."""

    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.at

    @classmethod
    def step(cls, seconds: float) -> None:
        cls.at += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "at", Clock.at)
    monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr("pybreaker.datetime", Clock)
    return Clock


def opened(failures: int = 3, seconds: float = 5.0) -> Breakers:
    """Breakers of which that of the table has just opened."""
    breakers = Breakers(BreakerOptions(failures, seconds))
    for _ in range(failures):
        assert breakers.retry_after(TABLE) is None
        breakers.failed(TABLE)
    return breakers


def test_fewer_failures_in_a_row_open_nothing() -> None:
    breakers = Breakers(BreakerOptions(failures=3))
    for _ in range(5):
        breakers.failed(TABLE)
        breakers.failed(TABLE)
        breakers.succeeded(TABLE)

    assert breakers.retry_after(TABLE) is None
    assert breakers.open == {}


def test_so_many_failures_in_a_row_open_it_for_so_many_seconds(clock: type[Clock]) -> None:
    breakers = opened(seconds=5.0)

    assert breakers.retry_after(TABLE) == 5.0
    clock.step(2)
    assert breakers.retry_after(TABLE) == 3.0
    assert breakers.open == {"users": 3.0}


def test_each_name_has_a_breaker_of_its_own() -> None:
    breakers = opened()

    assert breakers.retry_after(["events"]) is None
    assert breakers.retry_after(["events", "users"]) == 5.0


def test_one_try_is_made_once_the_time_is_over(clock: type[Clock]) -> None:
    breakers = opened(seconds=5.0)
    clock.step(5)

    assert [breakers.retry_after(TABLE) for _ in range(3)] == [None, 5.0, 5.0]


def test_the_try_is_one_alone_however_many_ask_at_once(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(5)

    def ask(_: int, ready: Callable[[], None]) -> float | None:
        ready()
        return breakers.retry_after(TABLE)

    assert race(ask, "lockstep").count(None) == 1


def test_a_try_that_is_answered_closes_it(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(5)
    breakers.retry_after(TABLE)
    breakers.succeeded(TABLE)

    assert breakers.retry_after(TABLE) is None
    breakers.failed(TABLE)
    assert breakers.open == {}  # the failures are counted from the beginning


def test_a_try_that_fails_opens_it_anew(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(5)
    breakers.retry_after(TABLE)
    clock.step(3)
    breakers.failed(TABLE)

    assert breakers.retry_after(TABLE) == 5.0


def test_a_try_of_which_nobody_hears_is_followed_by_another(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(5)
    breakers.retry_after(TABLE)
    clock.step(5)

    assert breakers.retry_after(TABLE) is None


def test_failures_of_what_was_sent_before_do_not_keep_it_open_longer(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(4)
    breakers.failed(TABLE)

    assert breakers.retry_after(TABLE) == 1.0


def test_a_clock_that_steps_back_does_not_keep_it_open(clock: type[Clock]) -> None:
    breakers = opened()
    clock.step(-3600)

    assert breakers.retry_after(TABLE) is None


def test_it_is_told_once_that_it_is_left_alone_and_once_that_it_works(clock: type[Clock]) -> None:
    with capture_logs() as lines:
        breakers = opened()
        for _ in range(3):
            clock.step(5)
            breakers.retry_after(TABLE)
            breakers.failed(TABLE)
        clock.step(5)
        breakers.retry_after(TABLE)
        breakers.succeeded(TABLE)

    told = [(line["log_level"], line["what"]) for line in lines]
    assert told == [("warning", "users"), ("info", "users")]
