"""Connections of the HTTP server: how many there may be, and for how long clients are waited for.

uvicorn bounds only how long a connection is idle after an answer. Without more, whoever sends half
a request, or does not read an answer, has a connection, and one of the process's file descriptors,
for as long as they like.
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
    """One of at most `most` connections; it ends where its client is waited for beyond `seconds`.

    A request is waited for from the first byte of its head, or from when the connection was made or
    the answer before was sent, to the last byte of its body. An answer waits for its client from
    when the system takes no more of it until it has taken all that is there. One connection too
    many ends the one whose client has been waited for longest. When the server stops, what has not
    come whole is not waited for.
    """

    def __init__(self, *args: Any, seconds: float, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._seconds = seconds
        self._most = most
        self._is_unread = False
        self.deadline: TimerHandle | None = None

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        # By default 64 KB wait here before it is told that the client does not read.
        transport.set_write_buffer_limits(high=0)
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
    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_unread = True
        self._watch()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_unread = False
        self.unwatch()
        self._watch()

    @override
    def shutdown(self) -> None:
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()
        else:
            super().shutdown()

    def _watch(self) -> None:
        is_awaited = self.conn.their_state in _NOT_WHOLE and not self.transport.is_closing()
        if not is_awaited and not self._is_unread:
            self.unwatch()
        elif self.deadline is None:
            self.deadline = self.loop.call_later(self._seconds, self.transport.abort)

    def _end_the_one_that_waits_longest(self) -> None:
        # So whoever holds connections loses them to those that send their requests and read.
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
