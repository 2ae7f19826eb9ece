"""The page of the documentation, and what it may load."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from fastapi.openapi.docs import get_swagger_ui_html

DOCS = "/docs"
DESCRIPTION = "/openapi.json"

_INLINE = re.compile("(?s)<script>(.*?)</script>")


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
