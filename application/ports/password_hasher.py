"""Slow, salted hashing of passwords."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from domain.errors import DynastrataError


@frozen
class HashingBusy(DynastrataError):
    """Too many passwords are being hashed. Nothing was done; try again in a moment."""

    def __str__(self) -> str:
        return "too many passwords are being checked at once; try again"


class PasswordHasher(Protocol):
    """Hashes passwords, and tells whether one matches. Both raise `HashingBusy`."""

    def hash(self, password: str) -> str:
        """A salted hash that carries its own parameters."""
        ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash. None never matches, and takes as long."""
        ...
