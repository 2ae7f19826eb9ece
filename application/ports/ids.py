"""Identifiers and secrets from outside, so that every use case can be tested exactly."""

from __future__ import annotations

from typing import Protocol


class IdFactory(Protocol):
    """Makes values that nobody made before."""

    def new_id(self) -> str:
        """A unique id that sorts by the time it was made."""
        ...

    def new_secret(self) -> str:
        """At least 256 random bits that nobody can guess, as text."""
        ...
