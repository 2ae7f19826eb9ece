"""Slow, salted hashing of passwords."""

from __future__ import annotations

from typing import Protocol


class PasswordHasher(Protocol):
    """Hashes passwords, and tells whether one matches."""

    def hash(self, password: str) -> str:
        """A salted hash that carries its own parameters."""
        ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash. None never matches, and takes as long."""
        ...
