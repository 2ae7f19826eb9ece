"""Leases: who may go on with something, until when, and how a late owner is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from domain.errors import Conflict

MAX_CLOCK_DIFFERENCE = timedelta(minutes=10)
"""How far the clocks of two servers may differ.

A lease or a pause is void where it was written later than this, seen by the clock of whoever reads
it. Twice what AWS allows a clock to be off: it refuses most requests whose signature is further
than five minutes from its own time (IAM User Guide, "AWS Signature Version 4").
"""


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
