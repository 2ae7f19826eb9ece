"""Requests whose end is not clear."""

from __future__ import annotations

from attrs import frozen
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.error_handlers import problem
from api.http.problems import ProblemKind

_AMBIGUOUS = ProblemKind(400, "", "Bad Request", headers={"Connection": "close"})


@frozen
class Framing:
    """Middleware: refuses a request with both Content-Length and Transfer-Encoding.

    A proxy and this server could differ over where it ends, and so over where the next one of
    somebody else begins (RFC 9112, section 6.1). The connection is closed.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "content-length" in headers and "transfer-encoding" in headers:
            detail = "Send Content-Length or Transfer-Encoding, never both."
            await problem(_AMBIGUOUS, detail, {})(scope, receive, send)
        else:
            await self.app(scope, receive, send)
