"""One id for everything that one request causes: its events, its log lines and its answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import frozen
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from application.acting import acting
from application.ports.event_store import EventMetadata

HEADER = "X-Correlation-Id"
_SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@frozen
class Correlation:
    """Middleware: takes the id that the caller sent, or one of `new_id`, and answers with it.

    An id that is longer than 128 characters, or has others than letters, digits and `._:-`, is
    replaced: it ends up in events and logs. Who acts is not known yet here; see `SignedIn`.
    """

    app: ASGIApp
    new_id: Callable[[], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        correlation_id = self._id_of(scope)
        # For the answer to an error that nobody foresaw, which is made outside of all middleware.
        scope.setdefault("state", {})["correlation_id"] = correlation_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = correlation_id
            await send(message)

        metadata = EventMetadata(correlation_id=correlation_id)
        with acting(metadata), bound_contextvars(correlation_id=correlation_id):
            await self.app(scope, receive, sending)

    def _id_of(self, scope: Scope) -> str:
        sent = Headers(scope=scope).get(HEADER, "")
        return sent if _SANE.fullmatch(sent) else self.new_id()
