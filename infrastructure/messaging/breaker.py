"""A circuit breaker: what fails again and again is left alone, and tried by one call at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

import pybreaker
import structlog

logger = structlog.get_logger(__name__)


class _Failure(Exception):
    """How the library is told of a failure."""


class Breaker:
    """Whether to call something now, by how the last calls went. For any thread.

    Closed, it admits every call; after so many `failures` in a row it opens, and admits none for
    so many `seconds`, then one at a time until a call succeeds. The log says once that `name` is
    out, and once that it works again. `pybreaker` counts and keeps the state. It would hold its
    lock during a call, and reads a clock that can be set: it is told of calls only once they have
    ended, and `monotonic` says when to try again.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._breaker = pybreaker.CircuitBreaker(fail_max=failures, throw_new_error_on_trip=False)
        self._name = name
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = Lock()
        self._tried_again_at = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether a call would be admitted now."""
        if self._breaker.current_state == pybreaker.STATE_OPEN:
            return self._monotonic() >= self._tried_again_at
        return self._breaker.current_state == pybreaker.STATE_CLOSED

    def admit(self) -> bool:
        """Whether to call now. Whoever is admitted must tell how it went."""
        with self._lock:
            if not self.is_ready:
                return False
            if self._breaker.current_state == pybreaker.STATE_OPEN:
                self._breaker.half_open()
            return True

    def tell(self, failure: str | None) -> None:
        """Says how a call went that was admitted: why it failed, or None where it succeeded."""
        with self._lock:
            before = self._breaker.current_state
            if before == pybreaker.STATE_OPEN:
                return  # it was admitted before others failed
            with suppress(_Failure):
                self._breaker.call(_fail if failure is not None else _succeed)
            after = self._breaker.current_state
            if after == pybreaker.STATE_OPEN:
                self._tried_again_at = self._monotonic() + self._seconds
        if (before, after) == (pybreaker.STATE_CLOSED, pybreaker.STATE_OPEN):
            logger.warning("left alone: it is out", what=self._name, reason=failure)
        elif before != after == pybreaker.STATE_CLOSED:
            logger.info("works again", what=self._name)


def _fail() -> None:
    raise _Failure


def _succeed() -> None:
    pass
