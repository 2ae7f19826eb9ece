"""Signed tokens: claims that come back unchanged, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol


class TokenSigner(Protocol):
    """Signs claims for one purpose. The claims can be read by whoever holds the token."""

    def sign(
        self, purpose: str, claims: Mapping[str, str], lifetime: timedelta | None = None
    ) -> str:
        """A URL-safe token, valid for `lifetime` (None: without end) and this purpose alone."""
        ...

    def read(self, purpose: str, token: str) -> Mapping[str, str]:
        """The claims of a token signed for this purpose. Raises `InvalidToken`."""
        ...
