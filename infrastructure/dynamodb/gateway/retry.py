"""When to try again: exponential backoff with full jitter, within a bounded time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from attrs import field, frozen

from application.errors import Throttled
from infrastructure.dynamodb.gateway.errors import Contended, Failure
from infrastructure.system.backoff import full_jitter

# A clock that goes on while the machine sleeps, as the service does, which then forgets a token.
# On Linux `time.monotonic` stands still.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", None)
_monotonic = partial(time.clock_gettime, _SINCE_BOOT) if _SINCE_BOOT else time.monotonic


@frozen(kw_only=True)
class RetryPolicy:
    """Attempts, and pauses between them in seconds.

    The defaults are those of the SDK's standard retry mode for DynamoDB: four attempts, pauses
    that grow from 25 ms, from 1 s when throttled, up to 20 s. Source: botocore 1.44,
    `botocore/retries/standard.py`.
    """

    attempts: int = 4
    base: float = 0.025
    throttling_base: float = 1.0
    cap: float = 20.0
    deadline: float = 30.0
    sleep: Callable[[float], None] = field(default=time.sleep, eq=False)
    random: Callable[[], float] = field(default=random.random, eq=False)
    monotonic: Callable[[], float] = field(default=_monotonic, eq=False)

    def pause(self, attempt: int, *, throttled: bool = False) -> float:
        """Seconds to wait after this attempt (1 for the first): random, up to the backoff."""
        base = self.throttling_base if throttled else self.base
        return full_jitter(attempt, base, self.cap, self.random)

    def pause_after(self, failure: Failure, attempt: int) -> float:
        """Seconds to wait after a failed attempt. Contention passes sooner than throttling."""
        error = failure.error
        throttled = isinstance(error, Throttled) and not isinstance(error, Contended)
        return self.pause(attempt, throttled=throttled)
