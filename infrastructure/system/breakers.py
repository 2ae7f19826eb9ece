"""Circuit breakers: what fails again and again is left alone for a while, then tried once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Lock

import structlog
from attrs import frozen
from pybreaker import STATE_CLOSED, STATE_OPEN, CircuitBreaker

logger = structlog.get_logger(__name__)

OnChange = Callable[[str, bool], object]
"""Is told the name of what is left alone from now on (True), or works again (False)."""


@frozen
class BreakerOptions:
    """After so many failures in a row there is one try every so many seconds, until one works."""

    failures: int = 10
    seconds: float = 5.0


class Breaker:
    """Whether to call something now, by how the last calls went. For any thread.

    The log says once that it opened for `name`, and once that it closed. `pybreaker` counts, and
    keeps the state. It would hold its lock during a call, and reads a clock that can be set: so it
    is told of calls once they have ended, and `monotonic` says when to try again.
    """

    def __init__(
        self,
        name: str,
        options: BreakerOptions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        on_change: OnChange = lambda *_: None,
    ) -> None:
        self._name = name
        self._options = options or BreakerOptions()
        self._monotonic = monotonic
        self._on_change = on_change
        self._circuit = CircuitBreaker(
            fail_max=self._options.failures, throw_new_error_on_trip=False
        )
        self._lock = Lock()
        self._next_try = 0.0

    @property
    def seconds_left(self) -> float | None:
        """For how long it is left alone still: nothing where a try is due. None: it is not."""
        if self.is_closed:
            return None
        return max(0.0, self._next_try - self._monotonic())

    @property
    def is_ready(self) -> bool:
        """Whether a call would be admitted now."""
        return not self.seconds_left

    def admit(self) -> bool:
        """Whether to call now. Whoever is admitted tells how it went.

        Should nobody hear of the one try after a pause, the next one comes after another pause.
        """
        if self.is_closed:
            return True
        with self._lock:
            if not self.is_ready:
                return False
            if not self.is_closed:
                self._pause()
                self._circuit.half_open()
            return True

    def tell(self, failure: str | None = None) -> None:
        """Says how a call went that was admitted: why it failed, or None where it succeeded."""
        if failure is None and self.is_closed and not self._circuit.fail_counter:
            return
        with self._lock:
            before = self._circuit.current_state
            if before == STATE_OPEN:
                return  # it was admitted before others failed
            with suppress(_Failure):
                self._circuit.call(_succeed if failure is None else _fail)
            after = self._circuit.current_state
            if after == STATE_OPEN:
                self._pause()
            # Told under the lock: else two changes could be told the wrong way round.
            if (before, after) == (STATE_CLOSED, STATE_OPEN):
                logger.warning("circuit breaker opened", what=self._name, reason=failure)
                self._on_change(self._name, True)  # noqa: FBT003 see `OnChange`
            elif before != after == STATE_CLOSED:
                logger.info("circuit breaker closed", what=self._name)
                self._on_change(self._name, False)  # noqa: FBT003 see `OnChange`

    @property
    def is_closed(self) -> bool:
        """Whether every call is admitted."""
        return bool(self._circuit.current_state == STATE_CLOSED)

    def _pause(self) -> None:
        self._next_try = self._monotonic() + self._options.seconds


class Breakers:
    """A breaker for each name, such as a table. For any thread."""

    def __init__(
        self,
        options: BreakerOptions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        on_change: OnChange = lambda *_: None,
    ) -> None:
        self._options = options
        self._monotonic = monotonic
        self._on_change = on_change
        self._breakers: dict[str, Breaker] = {}

    def refusal(self, names: Iterable[str]) -> float | None:
        """Seconds until a call that needs all of these may be tried; None: it is admitted now."""
        breakers = [breaker for name in names if not (breaker := self._of(name)).is_closed]
        # Looked at before any is admitted: else one would spend its try on a call that is not made.
        waiting = [left for breaker in breakers if (left := breaker.seconds_left)]
        if waiting:
            return max(waiting)
        for breaker in breakers:
            if not breaker.admit():
                return breaker.seconds_left or 0.0
        return None

    def tell(self, names: Iterable[str], failure: str | None = None) -> None:
        """Says how a call went that was admitted: why it failed, or None where it succeeded."""
        for breaker in map(self._of, names):
            breaker.tell(failure)

    @property
    def open(self) -> Mapping[str, float]:
        """What is left alone just now, and for how many seconds still: not where a try is due."""
        left = {name: breaker.seconds_left for name, breaker in list(self._breakers.items())}
        return {name: seconds for name, seconds in left.items() if seconds}

    def _of(self, name: str) -> Breaker:
        breaker = self._breakers.get(name)
        if breaker is None:
            new = Breaker(name, self._options, self._monotonic, self._on_change)
            breaker = self._breakers.setdefault(name, new)
        return breaker


class _Failure(Exception):
    """How the library is told of a failure."""


def _fail() -> None:
    raise _Failure


def _succeed() -> None:
    pass
