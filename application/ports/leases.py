"""Leases: who may go on with something, until when, and how a late owner is told."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from domain.errors import Conflict


@frozen(kw_only=True)
class Lease:
    """An owner's hold on something until a timestamp.

    Every lease of the same `name` has a higher fencing `token` than the one before it. What is
    written under a lease is refused once another one was granted.
    """

    name: str
    owner: str
    token: int
    until: datetime


@frozen
class LeaseLost(Conflict):
    """The lease ended, and another owner may have gone on. What was to be stored is not."""

    name: str
    owner: str

    def __str__(self) -> str:
        return f"{self.owner} no longer holds the lease of {self.name}"
