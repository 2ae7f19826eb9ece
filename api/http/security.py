"""What every answer tells browsers and caches not to do with it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from attrs import frozen
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOCS = "/docs"
DESCRIPTION = "/openapi.json"

_YEAR = 365 * 24 * 60 * 60  # seconds
_OF_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TLS_ALONE = {"Strict-Transport-Security": f"max-age={_YEAR}"}
_INLINE = re.compile("(?s)<script>(.*?)</script>")


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


def policy_of_docs(title: str) -> str:
    """What the page of the documentation may load: its own script, and Swagger UI."""
    page = bytes(get_swagger_ui_html(openapi_url=DESCRIPTION, title=title).body).decode()
    hashes = [sha256(script.encode()).digest() for script in _INLINE.findall(page)]
    scripts = " ".join(f"'sha256-{b64encode(each).decode()}'" for each in hashes)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src https://cdn.jsdelivr.net {scripts}",
            "style-src https://cdn.jsdelivr.net 'unsafe-inline'",
            "img-src data: https://fastapi.tiangolo.com",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
