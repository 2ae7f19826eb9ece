"""What every request passes: a limit on its body, the id of all it causes, headers for browsers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from attrs import frozen
from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from application.event_context import event_context
from application.ports.event_store import EventMetadata
from application.ports.ids import IdFactory
from infrastructure.telemetry import names

HEADER = "X-Correlation-Id"
CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_YEAR = 365 * 24 * 60 * 60  # seconds
_OF_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TLS_ALONE = {"Strict-Transport-Security": f"max-age={_YEAR}"}


@frozen
class BodyLimit:
    """Middleware: a body beyond `max_bytes` is answered with 413, and not read any further."""

    app: ASGIApp
    max_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                raise HTTPException(413, f"A body has at most {self.max_bytes} bytes.")
            return message

        await self.app(scope, limited, send)


@frozen
class Correlation:
    """Middleware: takes the id that the caller sent, or makes one, and answers with it.

    An id that is longer than 128 characters, or has others than letters, digits and `._:-`, is
    replaced: it ends up in events and logs. Who acts is not known yet here; see `SignedIn`.
    """

    app: ASGIApp
    ids: Callable[[], IdFactory]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        correlation_id = self._id_of(scope)
        trace.get_current_span().set_attribute(names.CORRELATION_ID, correlation_id)
        # For the answer to an error that nobody foresaw, which is made outside of all middleware.
        scope.setdefault("state", {})["correlation_id"] = correlation_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = correlation_id
            await send(message)

        metadata = EventMetadata(correlation_id=correlation_id)
        with event_context(metadata), bound_contextvars(correlation_id=correlation_id):
            await self.app(scope, receive, sending)

    def _id_of(self, scope: Scope) -> str:
        sent = Headers(scope=scope).get(HEADER, "")
        return sent if CORRELATION_ID.fullmatch(sent) else self.ids().new_id()


def security_headers(scope: Scope) -> Mapping[str, str]:
    """The headers of the answer to a request. That it came by TLS a trusted proxy may tell."""
    return _OF_EVERY_ANSWER | (_TLS_ALONE if scope.get("scheme") == "https" else {})


@frozen
class Security:
    """Middleware: adds these headers to every answer, unless it has its own.

    `policies` are the content security policies of pages, by path.
    """

    app: ASGIApp
    policies: Mapping[str, str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                policy = self.policies.get(scope["path"])
                if policy is not None:
                    headers["Content-Security-Policy"] = policy
                for name, value in security_headers(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sending)
