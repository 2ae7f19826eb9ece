"""From settings to the stores, on either provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from api.composition.adapters import Adapters
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from infrastructure.blobs.offload import Offload
from infrastructure.contexts.context import Contexts
from infrastructure.events.event_sourced_table import SnapshotPolicy
from infrastructure.events.event_store import TableEventStore
from infrastructure.events.large_events import LargeEvents
from infrastructure.events.registry import EventRegistry
from infrastructure.events.streams import EVENTS
from infrastructure.messaging.destinations import Destinations
from infrastructure.outbox.inbox import InboxPolicy
from infrastructure.projections.states import TableProjectionStore
from infrastructure.provider import Provider
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.event_subscription import TableEventSubscriptions
from infrastructure.tagged_events.store import TableDcbStore
from infrastructure.unit_of_work import CommitOptions, UnitsOfWork


def make_commit_options(
    settings: Settings,
    contexts: Contexts,
    destinations: Destinations,
    offload: Callable[[], Offload],
) -> CommitOptions:
    """What every unit of work of the service is made with."""
    return CommitOptions(
        contexts=contexts,
        max_events=None if settings.packs_events else settings.events_max_batch_size,
        snapshots=SnapshotPolicy(every=settings.snapshot_every),
        check_message=destinations.check,
        inbox=InboxPolicy(
            messages=timedelta(days=settings.inbox_keep_days),
            receipts=timedelta(hours=settings.idempotency_keep_hours),
        ),
        large_events=LargeEvents(offload()) if settings.has_blob_store else None,
    )


def make_event_store(
    settings: Settings, store: Provider, units_of_work: UnitsOfWork
) -> TableEventStore:
    """The event store."""
    return TableEventStore(
        table=store.events(),
        registry=units_of_work.registry,
        unit_of_work=units_of_work,
        transactional=settings.events_transactional_write or settings.packs_events,
    )


def make_dcb_store(
    settings: Settings, adapters: Adapters, units_of_work: UnitsOfWork, clock: Clock
) -> TableDcbStore:
    """The store of tagged events."""
    return TableDcbStore(
        conditions=units_of_work.conditions,
        unit_of_work=units_of_work,
        clock=clock,
        changes=adapters.tagged_event_changes,
        safe_window=timedelta(seconds=settings.tagged_events_safe_window_seconds),
        poll_interval=settings.streams_poll_interval_ms / 1000,
    )


def make_projection_store(
    settings: Settings,
    adapters: Adapters,
    offload: Callable[[], Offload],
    *,
    clock: Clock,
    ids: IdFactory,
) -> TableProjectionStore:
    """The store of projection states."""
    return TableProjectionStore(
        table=adapters.projection_states,
        offload=offload() if settings.has_blob_store else None,
        clock=clock,
        ids=ids,
    )


def make_subscriptions(
    settings: Settings, adapters: Adapters, registry: EventRegistry, clock: Clock, ids: IdFactory
) -> TableEventSubscriptions:
    """Subscriptions to the events of streams."""
    return TableEventSubscriptions(
        table=EVENTS,
        source=adapters.event_changes,
        events=adapters.store.events(),
        registry=registry,
        checkpoints=adapters.checkpoints,
        clock=clock,
        ids=ids,
        poll_interval=settings.streams_poll_interval_ms / 1000,
    )
