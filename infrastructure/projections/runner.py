"""Running projectors: under a lease each, until they are stopped, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event
from typing import Any

import structlog
from attrs import define, field, frozen

from application.errors import StorageError
from application.ports.clock import Clock
from application.ports.leases import LeaseLost
from application.ports.projection_store import (
    ProjectionHeartbeats,
    ProjectionStore,
    RunningInstance,
    StateMoved,
)
from application.ports.subscriptions import ChangesTrimmed
from application.projector import AnyProjector
from domain.errors import DynastrataError
from domain.tagged_events import Position
from infrastructure.projections.projection import Projection
from infrastructure.subscriptions.change_reader import Wait
from infrastructure.subscriptions.event_subscription import subscription_key
from infrastructure.subscriptions.leases import SubscriptionLease
from infrastructure.system.work import Rounds
from infrastructure.tagged_events.table import TAGGED_EVENTS

_LEASE_LOOKS = 10
"""How often, within the time of one lease, an instance that stands by looks whether it is free."""

_HEARTBEAT = timedelta(seconds=30)
"""How often an instance says that it runs, and looks whether its state was invalidated."""

_PAUSE = 5.0
"""Seconds after a round that failed."""

logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class ProjectionProgress:
    """How far a projector is. Where it `has_caught_up`, it had folded all that it may, once.

    `lag` is from the last event that was read to `horizon`: zero where there was nothing more to
    read, None before the first event.
    """

    projector: AnyProjector
    events: int
    position: Position | None
    horizon: Position
    has_caught_up: bool
    lag: timedelta | None = None


OnProgress = Callable[[ProjectionProgress], object]
"""Is told after each page, and where there was nothing more."""


def projector_key(projector: AnyProjector) -> str:
    """The key of its lease: `tagged-events#projector:roster:1`. Stored: never change it."""
    return subscription_key(TAGGED_EVENTS, f"projector:{projector.name}:{projector.version}")


@define(kw_only=True)
class ProjectorRunner:
    """Runs one projector as long as it holds the lease; else it stands by. For one thread.

    `open` makes a projection that is not loaded yet, `make_lease` the lease of this instance, whose
    name is `instance`. `failures` counts the rounds that failed; a page that is folded, and a look
    while it stands by, count as `rounds` that succeed.
    """

    projector: AnyProjector
    open: Callable[[], Projection[Any]]
    make_lease: Callable[[], SubscriptionLease]
    store: ProjectionStore
    heartbeats: ProjectionHeartbeats
    clock: Clock
    instance: str
    host: str
    interval: float = 1.0
    wait: Wait = Event.wait
    on_progress: OnProgress = lambda _: None
    failures: int = field(default=0, init=False)
    rounds: Rounds = field(init=False)
    _stopping: Event = field(factory=Event, init=False)

    def __attrs_post_init__(self) -> None:
        self.rounds = Rounds(self.clock)

    def run(self) -> None:
        """Runs until stopped. Whatever a round raises is told and counted, and the next one tried.

        A round ends, too, where another instance went on: then this one has nothing that counts.
        """
        while not self._stopping.is_set():
            try:
                self._hold(until_caught_up=False)
            except (LeaseLost, StateMoved) as lost:
                logger.info("projector begins anew", **self._name, reason=str(lost))
            except Exception as error:  # noqa: BLE001 told, and the projector goes on
                self.failures += 1
                self._log(error)
                self.wait(self._stopping, _PAUSE)

    def catch_up(self, since: Position | None = None) -> None:
        """Runs until everything below the safe window is folded, or it is stopped.

        Where another instance holds the lease, until its state has everything below `since`.
        Raises what a round raises.
        """
        while not self._stopping.is_set():
            try:
                if self._hold(until_caught_up=True) or (since and self._is_complete_to(since)):
                    return
            except (LeaseLost, StateMoved) as lost:
                logger.info("projector begins anew", **self._name, reason=str(lost))

    def rebuild(self) -> None:
        """Invalidates the state and catches up. An instance that runs it notices in half a minute.

        Where such a one rebuilds it, this waits until that has caught up.
        """
        since = self.open().horizon
        found = self.store.latest(self.projector.name, self.projector.version)
        if found is not None and found.is_live:
            self.store.invalidate(self.projector.name, self.projector.version, found.stamp)
        self.catch_up(since)

    def stop(self) -> None:
        """Ends what runs after its present page, which is stored. For any thread."""
        self._stopping.set()

    def _hold(self, *, until_caught_up: bool) -> bool:
        """Runs with the lease; whether it has caught up. It waits where another one has it."""
        lease = self.make_lease()
        if not lease.take():
            self.rounds.succeeded()
            self.wait(self._stopping, lease.seconds / _LEASE_LOOKS)
            return False
        try:
            return self._follow(lease, self.open(), until_caught_up=until_caught_up)
        finally:
            if lease.is_held:
                with suppress(DynastrataError):  # it ends by itself
                    lease.release(None)

    def _follow(
        self, lease: SubscriptionLease, projection: Projection[Any], *, until_caught_up: bool
    ) -> bool:
        try:
            projection.load()
            self._work(lease, projection, until_caught_up=until_caught_up)
        except ChangesTrimmed as trimmed:
            # Something may have become visible late, and nobody told.
            logger.warning("projection is rebuilt", **self._name, reason=str(trimmed))
            projection.discard()
            return False
        if projection.is_changed:
            projection.save()
        return projection.has_caught_up

    def _work(
        self, lease: SubscriptionLease, projection: Projection[Any], *, until_caught_up: bool
    ) -> None:
        self._beat(projection)
        seen_at = self.clock.now()
        while not self._stopping.is_set():
            is_idle = projection.advance()
            if abs(self.clock.now() - seen_at) >= _HEARTBEAT:
                self._beat(projection)
                projection.check_current()
                seen_at = self.clock.now()
            if lease.is_due:
                lease.store(None)
            self._tell(projection)
            self.rounds.succeeded()
            if until_caught_up and projection.has_caught_up:
                return
            if is_idle:
                self.wait(self._stopping, self.interval)

    def _beat(self, projection: Projection[Any]) -> None:
        self.heartbeats.beat(
            RunningInstance(
                name=self.instance,
                host=self.host,
                projector=self.projector.name,
                version=self.projector.version,
                last_position=projection.position,
                last_seen=self.clock.now(),
            )
        )

    def _tell(self, projection: Projection[Any]) -> None:
        self.on_progress(
            ProjectionProgress(
                projector=self.projector,
                events=projection.events,
                position=projection.position,
                horizon=projection.horizon,
                has_caught_up=projection.has_caught_up,
                lag=projection.lag,
            )
        )

    def _is_complete_to(self, since: Position) -> bool:
        found = self.store.latest(self.projector.name, self.projector.version)
        threshold = None if found is None or not found.is_live else found.safe_window_threshold
        return threshold is not None and threshold >= since

    @property
    def _name(self) -> dict[str, str]:
        return {"projector": str(self.projector)}

    def _log(self, error: Exception) -> None:
        """Tells why a round failed. Nobody would notice that the projector ended."""
        facts = {**self._name, "failures": self.failures}
        if isinstance(error, StorageError):
            logger.warning("projector cannot reach its store", **facts, reason=str(error))
        else:
            logger.error("round of a projector failed", **facts, exc_info=error)
