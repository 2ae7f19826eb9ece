"""Leases: one instance at a time goes on with a subscription, and only it stores checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

from application.ports.clock import Clock
from application.ports.leases import Lease, LeaseLost

CHECKPOINTS = "checkpoints"
"""The logical name of the table of leases and checkpoints."""

Checkpoint = Mapping[str, str]
"""How far a subscription got, in the words of whatever it reads."""

_RENEWALS = 3
"""A lease is renewed when a third of it has passed: two renewals may fail."""


@frozen(kw_only=True)
class CheckpointLease(Lease):
    """The lease of the subscription `name`, with the checkpoint that was stored last."""

    checkpoint: Checkpoint | None


class CheckpointTable(Protocol):
    """Where leases and checkpoints are. Each method is one request."""

    def take(
        self, subscription: str, owner: str, now: datetime, until: datetime
    ) -> CheckpointLease | None:
        """Takes the lease if it is free, or ended, or the owner's and ends earlier; or None.

        Every grant has a higher token than the one before it. Taking one again until the same
        timestamp, before anything is stored, is the same grant: a request may be sent twice. A
        lease is void that was written by a clock more than `MAX_CLOCK_DIFFERENCE` ahead of `now`.
        """
        ...

    def store(
        self,
        subscription: str,
        token: int,
        revision: int,
        checkpoint: Checkpoint | None,
        *,
        now: datetime,
        until: datetime | None,
    ) -> bool:
        """Stores the checkpoint (None: leaves it) and when the lease ends (None: it is free).

        Returns False, and changes nothing, unless this token is the last one granted and no
        higher revision was stored under it: a request that was delayed on its way cannot move
        the checkpoint back.
        """
        ...


class SubscriptionLease:
    """One instance's hold on a subscription, for `seconds` after it was last taken or stored."""

    def __init__(
        self,
        table: CheckpointTable,
        subscription: str,
        owner: str,
        clock: Clock,
        seconds: float = 60.0,
    ) -> None:
        self.seconds = seconds
        self._table = table
        self._subscription = subscription
        self._owner = owner
        self._clock = clock
        self._lease: CheckpointLease | None = None
        # Both of the lease that was taken.
        self._revision: int
        self._renewed: datetime

    @property
    def is_held(self) -> bool:
        """Whether it was taken, and neither lost nor released, as far as is known here."""
        return self._lease is not None

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew it, also where the clock has stepped back since."""
        passed = abs(self._clock.now() - self._renewed)
        return passed >= timedelta(seconds=self.seconds / _RENEWALS)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that was there when the lease was taken."""
        return None if self._lease is None else self._lease.checkpoint

    def take(self) -> bool:
        """Takes the lease; whether it was to be had."""
        now = self._clock.now()
        self._lease = self._table.take(self._subscription, self._owner, now, self._end(now))
        self._revision, self._renewed = 0, now
        return self.is_held

    def store(self, checkpoint: Checkpoint | None) -> None:
        """Stores a checkpoint and renews the lease. Raises `LeaseLost`."""
        now = self._clock.now()
        self._write(checkpoint, now, self._end(now))
        self._renewed = now

    def release(self, checkpoint: Checkpoint | None) -> None:
        """Stores a checkpoint and gives the lease back. Raises `LeaseLost`."""
        self._write(checkpoint, self._clock.now(), None)
        self._lease = None

    def _write(self, checkpoint: Checkpoint | None, now: datetime, until: datetime | None) -> None:
        if self._lease is None:
            raise LeaseLost(self._subscription, self._owner)
        self._revision += 1
        if not self._table.store(
            self._subscription,
            self._lease.token,
            self._revision,
            checkpoint,
            now=now,
            until=until,
        ):
            self._lease = None
            raise LeaseLost(self._subscription, self._owner)

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.seconds)
