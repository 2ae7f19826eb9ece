"""Leases and checkpoints in memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from attrs import evolve, frozen
from typing_extensions import override

from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.subscriptions.leases import Checkpoint, CheckpointLease, CheckpointTable


@frozen
class _Held:
    owner: str | None = None
    until: datetime | None = None
    written_at: datetime | None = None
    token: int = 0
    revision: int = 0
    checkpoint: Checkpoint | None = None

    def is_free(self, owner: str, now: datetime, until: datetime) -> bool:
        is_void = self.written_at is not None and self.written_at > now + MAX_CLOCK_DIFFERENCE
        if self.until is None or self.until <= now or is_void:
            return True
        is_another = self.until < until or (self.until == until and self.revision > 0)
        return self.owner == owner and is_another


class MemoryCheckpointTable(CheckpointTable):
    """Leases and checkpoints in one process. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stored: dict[str, _Held] = {}

    @override
    def take(
        self, subscription: str, owner: str, now: datetime, until: datetime
    ) -> CheckpointLease | None:
        with self._lock:
            present = self._stored.get(subscription, _Held())
            taken = present
            if present.is_free(owner, now, until):
                taken = evolve(
                    present,
                    owner=owner,
                    until=until,
                    written_at=now,
                    token=present.token + 1,
                    revision=0,
                )
            elif (present.owner, present.until) != (owner, until):
                return None
            self._stored[subscription] = taken
            return CheckpointLease(
                name=subscription,
                owner=owner,
                token=taken.token,
                until=until,
                checkpoint=taken.checkpoint,
            )

    @override
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
        with self._lock:
            present = self._stored.get(subscription, _Held())
            if present.token != token or present.revision > revision:
                return False
            self._stored[subscription] = evolve(
                present,
                owner=None if until is None else present.owner,
                until=until,
                written_at=now,
                revision=revision,
                checkpoint=present.checkpoint if checkpoint is None else dict(checkpoint),
            )
            return True
