"""A limit on the size of request bodies, kept while they arrive."""

from __future__ import annotations

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@frozen
class BodyLimit:
    """Middleware: a body beyond `most_bytes` is answered with 413, and not read any further."""

    app: ASGIApp
    most_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most_bytes:
                raise HTTPException(413, f"A body has at most {self.most_bytes} bytes.")
            return message

        await self.app(scope, limited, send)
