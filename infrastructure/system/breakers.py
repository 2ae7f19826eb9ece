"""Circuit breakers: what fails again and again is left alone for a while, then tried once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock

import structlog
from attrs import frozen
from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerState,
    CircuitMemoryStorage,
)
from typing_extensions import override

logger = structlog.get_logger(__name__)


@frozen
class BreakerOptions:
    """After so many failures in a row there is one try every so many seconds, until one works."""

    failures: int = 10
    seconds: float = 5.0


class Breakers:
    """A breaker for each name, such as a table or a destination. For any thread."""

    def __init__(self, options: BreakerOptions | None = None) -> None:
        self._options = options or BreakerOptions()
        self._breakers: dict[str, _Breaker] = {}

    def retry_after(self, names: Iterable[str]) -> float | None:
        """Seconds until these may be tried; None: now. Where one of them is open, this is its try.

        Whoever may try says afterwards how it went. Who does not, keeps an open breaker open.
        """
        for name in names:
            seconds = self._of(name).retry_after()
            if seconds is not None:
                return seconds
        return None

    def succeeded(self, names: Iterable[str]) -> None:
        """These were tried, and answered."""
        for name in names:
            self._of(name).succeeded()

    def failed(self, names: Iterable[str]) -> None:
        """These were tried, and did not answer, or failed on their side."""
        for name in names:
            self._of(name).failed()

    @property
    def open(self) -> Mapping[str, float]:
        """What is left alone just now, and for how many seconds still."""
        breakers = list(self._breakers.values())
        return {each.name: each.seconds_left for each in breakers if not each.is_closed}

    def _of(self, name: str) -> _Breaker:
        breaker = self._breakers.get(name)
        if breaker is None:
            breaker = self._breakers.setdefault(name, _Breaker(name, self._options))
        return breaker


class _Breaker:
    """The library counts, and keeps the state; it would hold its lock while a request is sent.

    So it is told how each try went, and asked beforehand.
    """

    def __init__(self, name: str, options: BreakerOptions) -> None:
        self.name = name
        self._pause = timedelta(seconds=options.seconds)
        self._storage = CircuitMemoryStorage(STATE_CLOSED)
        self._circuit = CircuitBreaker(
            fail_max=options.failures,
            reset_timeout=options.seconds,
            name=name,
            state_storage=self._storage,
            listeners=[_Log()],
            throw_new_error_on_trip=False,
        )
        self._lock = Lock()

    @property
    def is_closed(self) -> bool:
        return bool(self._storage.state == STATE_CLOSED)

    @property
    def seconds_left(self) -> float:
        since = self._storage.opened_at
        left = self._pause - (datetime.now(UTC) - since) if since else timedelta()
        # A clock that stepped back would keep it open for as long.
        return max(0.0, left.total_seconds()) if left <= self._pause else 0.0

    def retry_after(self) -> float | None:
        if self.is_closed:
            return None
        with self._lock:
            left = self.seconds_left
            if left > 0 or self.is_closed:
                return left or None
            # One try now, and the next one after another pause, should nobody hear of this one.
            self._storage.opened_at = datetime.now(UTC)
            self._circuit.half_open()
            return None

    def succeeded(self) -> None:
        if not self.is_closed:
            self._circuit.close()
        elif self._circuit.fail_counter:
            self._tell(None)

    def failed(self) -> None:
        if self.is_closed:
            self._tell(_Failure())
        elif self._storage.state == STATE_HALF_OPEN:
            self._circuit.open()

    def _tell(self, failure: _Failure | None) -> None:
        def tried() -> None:
            if failure is not None:
                raise failure

        # Somebody else may have opened it meanwhile.
        with suppress(_Failure, CircuitBreakerError):
            self._circuit.call(tried)


class _Failure(Exception):
    """A try that failed, for the library to count."""


class _Log(CircuitBreakerListener):
    """Tells when something is left alone, and when it works again."""

    @override
    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: object
    ) -> None:
        if self._closed(old_state):
            logger.warning("left alone: it fails again and again", what=cb.name)
        elif self._closed(new_state):
            logger.info("works again", what=cb.name)

    def _closed(self, state: object) -> bool:
        return isinstance(state, CircuitBreakerState) and state.name == STATE_CLOSED
