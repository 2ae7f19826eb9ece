"""A relay that works in a thread of its own, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import structlog
from typing_extensions import override

from infrastructure.outbox.relays import PollingRelay, StreamRelay

logger = structlog.get_logger(__name__)


class RelayThread(Thread):
    """Lets a relay work. It never keeps the process from ending: nothing is lost with a relay.

    `error` is what the work raised.
    """

    def __init__(self, relay: PollingRelay | StreamRelay, work: Callable[[], object]) -> None:
        super().__init__(name="relay", daemon=True)
        self._relay = relay
        self._work = work
        self.error: Exception | None = None

    @override
    def run(self) -> None:
        """The work."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 told to whoever waits for it
            self.error = error

    def end(self, seconds: float) -> None:
        """Stops the relay, and gives it so many seconds to end what it has begun."""
        self._relay.stop()
        self.join(seconds)
        if self.is_alive():
            logger.warning("relay left at work: its keys are free when their leases end")
