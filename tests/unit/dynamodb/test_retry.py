"""Backoff with full jitter, within its bounds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import Throttled, Unreachable
from infrastructure.dynamodb.gateway.errors import Contended, Failure
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from tests.unit.dynamodb.scripted import FakeTime


def test_backoff_doubles_up_to_the_cap() -> None:
    policy = FakeTime().policy(base=1.0, cap=5.0)

    assert [policy.pause(attempt) for attempt in (1, 2, 3, 4, 5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_backoff_of_throttling_starts_higher_and_has_the_same_cap() -> None:
    policy = FakeTime().policy(base=0.1, throttling_base=2.0, cap=5.0)

    assert [policy.pause(n, throttled=True) for n in (1, 2, 3)] == [2.0, 4.0, 5.0]


def test_after_very_many_attempts_the_pause_is_the_cap() -> None:
    assert FakeTime().policy(cap=20.0).pause(100_000) == 20.0


@given(
    attempt=st.integers(1, 60),
    random=st.floats(0, 1, exclude_max=True),
    throttled=st.booleans(),
)
def test_pause_is_anywhere_between_nothing_and_the_backoff(
    attempt: int, random: float, throttled: bool
) -> None:
    policy = RetryPolicy(random=lambda: random)
    whole = RetryPolicy(random=lambda: 1.0).pause(attempt, throttled=throttled)

    assert policy.pause(attempt, throttled=throttled) == random * whole
    assert whole <= policy.cap


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Throttled(operation="PutItem"), 8.0),
        (Contended(operation="PutItem"), 1.0),
        (Unreachable(operation="PutItem"), 1.0),
    ],
)
def test_only_throttling_waits_longer(error: Throttled | Unreachable, pause: float) -> None:
    policy = FakeTime().policy(base=1.0, throttling_base=8.0)

    assert policy.pause_after(Failure(error, transient=True), 1) == pause


def test_defaults_are_those_of_the_sdks_standard_mode() -> None:
    policy = RetryPolicy()

    assert (policy.attempts, policy.base, policy.throttling_base, policy.cap) == (
        *(4, 0.025),
        *(1.0, 20.0),
    )


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="a clock of Linux")
def test_the_clock_goes_on_while_the_machine_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    between = RetryPolicy().monotonic()
    assert before <= between <= time.clock_gettime(time.CLOCK_BOOTTIME)
