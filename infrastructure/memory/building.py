"""From settings to the adapters in memory."""

from __future__ import annotations

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from infrastructure.dynamodb.models.events import EVENTS
from infrastructure.dynamodb.models.outbox import OUTBOX
from infrastructure.event_subscription import StoredEventSubscriptions
from infrastructure.leases import CheckpointTable
from infrastructure.memory.change_feed import MemoryChanges
from infrastructure.memory.database import Record
from infrastructure.memory.event_table import event_of
from infrastructure.memory.outbox_table import message_of
from infrastructure.memory.provider import MemoryProvider
from infrastructure.relaying import OutboxChanges
from infrastructure.settings import Settings
from infrastructure.unit_of_work import EventOptions


def make_outbox_changes(store: MemoryProvider) -> OutboxChanges[Record]:
    """The changes of the outbox, from the database."""
    return OutboxChanges(lambda: MemoryChanges(store.database, OUTBOX), message_of)


def make_subscriptions(
    settings: Settings,
    store: MemoryProvider,
    options: EventOptions,
    *,
    checkpoints: CheckpointTable,
    clock: Clock,
    ids: IdFactory,
) -> StoredEventSubscriptions[Record]:
    """Subscriptions over the changes of the database."""
    return StoredEventSubscriptions(
        table=EVENTS,
        source=lambda: MemoryChanges(store.database, EVENTS),
        to_record=event_of,
        events=store.events(),
        registry=options.registry,
        checkpoints=checkpoints,
        clock=clock,
        ids=ids,
        poll_interval=settings.streams_poll_interval_ms / 1000,
    )
