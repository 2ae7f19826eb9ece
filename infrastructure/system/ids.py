"""Identifiers and secrets."""

from __future__ import annotations

import secrets

from typing_extensions import override
from uuid_utils import uuid7

from application.ports.ids import IdFactory

_SECRET_BYTES = 32


class RandomIds(IdFactory):
    """Ids are UUIDs of version 7, which sort by time."""

    @override
    def new_id(self) -> str:
        return str(uuid7())

    @override
    def new_secret(self) -> str:
        return secrets.token_urlsafe(_SECRET_BYTES)
