"""Connections of the HTTP server: how many there may be, and how long a request may take to come.

uvicorn bounds only how long a connection is idle after an answer. Without more, whoever sends half
a request has a connection, and one of the process's file descriptors, for as long as they like.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

_NOT_WHOLE = (h11.IDLE, h11.SEND_BODY)
"""What a client's side is in while a request, its head or its body, has not come whole."""


class BoundedConnection(H11Protocol):
    """One of at most `most` connections; it ends where a request takes longer than `seconds`.

    That is from the first byte of its head, or from when the connection was made or the answer
    before was sent, to the last byte of its body. One too many ends the one whose request has been
    awaited longest. When the server stops, what has not come whole is not waited for.
    """

    def __init__(self, *args: Any, seconds: float, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._seconds = seconds
        self._most = most
        self.deadline: TimerHandle | None = None

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self._most:
            self._end_the_one_that_waits_longest()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.unwatch()
        super().connection_lost(exc)

    @override
    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    @override
    def shutdown(self) -> None:
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()
        else:
            super().shutdown()

    def _watch(self) -> None:
        if self.conn.their_state not in _NOT_WHOLE or self.transport.is_closing():
            self.unwatch()
        elif self.deadline is None:
            self.deadline = self.loop.call_later(self._seconds, self.transport.abort)

    def _end_the_one_that_waits_longest(self) -> None:
        # So whoever holds connections loses them to those that send their requests.
        waiting = {
            each.deadline.when(): each
            for each in self.connections
            if isinstance(each, BoundedConnection) and each.deadline is not None
        }
        longest = waiting[min(waiting)]
        longest.unwatch()
        longest.transport.abort()

    def unwatch(self) -> None:
        """Lets it go on for as long as it likes."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
