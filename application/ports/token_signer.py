"""Signed tokens: claims that come back unchanged, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class InvalidToken(DynastrataError):
    """A signed token is forged, expired, or was issued for another purpose."""

    reason: str

    def __str__(self) -> str:
        return f"invalid token: {self.reason}"


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
