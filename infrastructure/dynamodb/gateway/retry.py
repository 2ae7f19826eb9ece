"""When to try again: exponential backoff with full jitter, within a bounded time and quota."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from attrs import define, field, frozen
from botocore.retries.quota import RetryQuota

from application.errors import Throttled
from infrastructure.dynamodb.gateway.errors import Contended, Failure
from infrastructure.system.backoff import full_jitter

# A clock that goes on while the machine sleeps, as the service does, which then forgets a token.
# On Linux `time.monotonic` stands still.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", None)
_monotonic = partial(time.clock_gettime, _SINCE_BOOT) if _SINCE_BOOT else time.monotonic

_RETRY_COST, _THROTTLED_COST, _NO_RETRY = 14, 5, 1
"""What a retry takes of the quota, and what a call without one gives back. See `RetryPolicy`."""


@frozen(kw_only=True)
class RetryPolicy:
    """Attempts, and pauses between them in seconds.

    The defaults are those of the SDK's standard retry mode for DynamoDB: four attempts, pauses
    that grow from 25 ms, from 1 s when throttled, up to 20 s. All calls share a quota, so that
    retries do not make an outage worse: a retry takes 14 of it, 5 when throttled; a call that is
    answered gives back what its last retry took, or 1. Unlike there a refusal is an answer, too.
    Source: botocore 1.44, `botocore/retries/standard.py`.
    """

    attempts: int = 4
    base: float = 0.025
    throttling_base: float = 1.0
    cap: float = 20.0
    deadline: float = 30.0
    quota: int = RetryQuota.INITIAL_CAPACITY
    sleep: Callable[[float], None] = field(default=time.sleep, eq=False)
    random: Callable[[], float] = field(default=random.random, eq=False)
    monotonic: Callable[[], float] = field(default=_monotonic, eq=False)

    def pause(self, attempt: int, *, throttled: bool = False) -> float:
        """Seconds to wait after this attempt (1 for the first): random, up to the backoff."""
        base = self.throttling_base if throttled else self.base
        return full_jitter(attempt, base, self.cap, self.random)

    def pause_after(self, failure: Failure, attempt: int) -> float:
        """Seconds to wait after a failed attempt. Contention passes sooner than throttling."""
        return self.pause(attempt, throttled=_is_throttled(failure))

    def new_quota(self) -> RetryQuota:
        """What the calls of one gateway share."""
        return RetryQuota(self.quota)


@define
class Retries:
    """The attempts of one call; `attempt` is the one under way, 1 for the first."""

    _policy: RetryPolicy
    _quota: RetryQuota
    attempt: int = field(default=1, init=False)
    _taken: int = field(default=_NO_RETRY, init=False)
    _ends: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._ends = self._policy.monotonic() + self._policy.deadline

    def wait_after(self, failure: Failure) -> bool:
        """Waits until the next attempt is due; False, at once or then, where there is none."""
        policy = self._policy
        if not failure.transient:
            self.answered()
        if not failure.transient or self.attempt >= policy.attempts:
            return False
        pause = policy.pause_after(failure, self.attempt)
        if policy.monotonic() + pause > self._ends or not self._take(failure):
            return False
        policy.sleep(pause)
        # A process that was stopped meanwhile must not send what the service may have forgotten: it
        # would be applied a second time.
        if policy.monotonic() > self._ends:
            return False
        self.attempt += 1
        return True

    def answered(self) -> None:
        """Gives back to the quota: by success, or by a refusal that is final."""
        self._quota.release(self._taken)

    def _take(self, failure: Failure) -> bool:
        if isinstance(failure.error, Contended):
            return True  # other writers are at work, which no retry makes worse for the store
        cost = _THROTTLED_COST if _is_throttled(failure) else _RETRY_COST
        if not self._quota.acquire(cost):
            return False
        self._taken = cost
        return True


def _is_throttled(failure: Failure) -> bool:
    error = failure.error
    return isinstance(error, Throttled) and not isinstance(error, Contended)
