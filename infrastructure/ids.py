"""Identifiers and secrets."""

from __future__ import annotations

import secrets

from uuid_utils import uuid7

_SECRET_BYTES = 32


class RandomIds:
    """Implements the port `IdFactory`: ids are UUIDs of version 7, which sort by time."""

    def new_id(self) -> str:
        """See the port."""
        return str(uuid7())

    def new_secret(self) -> str:
        """See the port."""
        return secrets.token_urlsafe(_SECRET_BYTES)
