"""From settings to what runs projectors, on either provider."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version

from api.composition.adapters import Adapters
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.projection_store import ProjectionHeartbeats, ProjectionStore
from application.projector import AnyProjector
from infrastructure.projections.projection import Build, Projection, SavePolicy
from infrastructure.projections.runner import (
    OnProgress,
    ProjectionProgress,
    ProjectorRunner,
    projector_key,
)
from infrastructure.projections.several import ProjectionRunner
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.leases import SubscriptionLease
from infrastructure.tagged_events.store import TableDcbStore
from infrastructure.telemetry.gauges import ProjectionGauges
from infrastructure.telemetry.telemetry import Telemetry

_DISTRIBUTION = "dynastrata"


def make_projection_runner(
    settings: Settings,
    adapters: Adapters,
    events: TableDcbStore,
    *,
    projectors: Iterable[AnyProjector],
    store: ProjectionStore,
    heartbeats: ProjectionHeartbeats,
    clock: Clock,
    ids: IdFactory,
    telemetry: Telemetry,
    on_progress: OnProgress = lambda _: None,
) -> ProjectionRunner:
    """Runs these projectors, as one instance of its own name."""
    instance, host = ids.new_id(), platform.node() or "unknown"
    build = Build(source=f"{_DISTRIBUTION} {version(_DISTRIBUTION)}", host=host)
    policy = SavePolicy(
        events=settings.projections_checkpoint_events,
        seconds=settings.projections_checkpoint_seconds,
    )

    def opening(projector: AnyProjector) -> Callable[[], Projection[object]]:
        return lambda: Projection(
            projector,
            store,
            events.follower(projector.query),
            events.decoded,
            clock,
            build=build,
            policy=policy,
        )

    gauges = ProjectionGauges(telemetry)

    def progressed(progress: ProjectionProgress) -> None:
        if progress.lag is not None:
            gauges.observe(str(progress.projector), progress.lag)
        on_progress(progress)

    def leasing(projector: AnyProjector) -> Callable[[], SubscriptionLease]:
        key = projector_key(projector)
        return lambda: SubscriptionLease(adapters.checkpoints, key, instance, clock)

    return ProjectionRunner(
        [
            ProjectorRunner(
                projector=projector,
                open=opening(projector),
                make_lease=leasing(projector),
                store=store,
                heartbeats=heartbeats,
                clock=clock,
                instance=instance,
                host=host,
                interval=settings.streams_poll_interval_ms / 1000,
                on_progress=progressed,
            )
            for projector in projectors
        ]
    )
