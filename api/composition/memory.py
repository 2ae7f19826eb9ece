"""The adapters in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from typing_extensions import override

from api.composition.adapters import Adapters
from application.ports.dcb_store import SequencedEvent
from application.ports.outbox import Outbox, StoredMessage
from application.relay import Relay
from infrastructure.events.streams import EVENTS
from infrastructure.memory.change_feed import MemoryChanges
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.table_initializer import MemoryTableInitializer
from infrastructure.memory.tables.checkpoints import MemoryCheckpointTable
from infrastructure.memory.tables.events import events_of
from infrastructure.memory.tables.failures import MemoryFailureTable
from infrastructure.memory.tables.outbox import message_of
from infrastructure.memory.tables.projection_states import (
    MemoryHeartbeatTable,
    MemoryProjectionStateTable,
)
from infrastructure.memory.tables.tagged_events import event_of as tagged_event_of
from infrastructure.outbox.relays import BatchRelay
from infrastructure.outbox.table import OUTBOX
from infrastructure.settings.settings import Settings, SettingsError
from infrastructure.subscriptions.change_reader import ChangeSource
from infrastructure.subscriptions.stream_order import Written
from infrastructure.tagged_events.table import TAGGED_EVENTS


class MemoryAdapters(Adapters):
    """One database in memory, and what reads it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    @override
    def store(self) -> MemoryProvider:
        return MemoryProvider(packed_events=self._settings.packs_events)

    @cached_property
    @override
    def table_initializer(self) -> MemoryTableInitializer:
        return MemoryTableInitializer()

    @property
    @override
    def left_alone(self) -> Mapping[str, float]:
        return {}

    @cached_property
    @override
    def checkpoints(self) -> MemoryCheckpointTable:
        return MemoryCheckpointTable()

    @cached_property
    @override
    def failures(self) -> MemoryFailureTable:
        return MemoryFailureTable()

    @cached_property
    @override
    def projection_states(self) -> MemoryProjectionStateTable:
        return MemoryProjectionStateTable()

    @cached_property
    @override
    def heartbeats(self) -> MemoryHeartbeatTable:
        return MemoryHeartbeatTable()

    @property
    @override
    def event_changes(self) -> Callable[[], ChangeSource[Written]]:
        return lambda: MemoryChanges(self.store.database, EVENTS, events_of)

    @property
    @override
    def tagged_event_changes(self) -> Callable[[], ChangeSource[SequencedEvent]]:
        return lambda: MemoryChanges(self.store.database, TAGGED_EVENTS, tagged_event_of)

    @property
    @override
    def message_changes(self) -> Callable[[], ChangeSource[StoredMessage]]:
        return lambda: MemoryChanges(self.store.database, OUTBOX, message_of)

    @override
    def batch_relay(self, relay: Relay, outbox: Outbox) -> BatchRelay:
        raise SettingsError("provider", "memory has no stream that somebody else could deliver")
