"""Leases and checkpoints in memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from attrs import evolve, frozen
from typing_extensions import override

from infrastructure.subscriptions.leases import Checkpoint, CheckpointLease, CheckpointTable


@frozen
class _Held:
    owner: str | None = None
    until: datetime | None = None
    token: int = 0
    revision: int = 0
    checkpoint: Checkpoint | None = None


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
            is_free = present.until is None or present.until <= now
            if not is_free and present.owner != owner:
                return None
            taken = evolve(present, owner=owner, until=until, token=present.token + 1, revision=0)
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
                revision=revision,
                checkpoint=present.checkpoint if checkpoint is None else dict(checkpoint),
            )
            return True
