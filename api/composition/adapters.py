"""What differs between the providers, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent
from application.ports.outbox import Outbox, StoredMessage
from application.ports.table_initializer import TableInitializer
from application.relay import Relay
from infrastructure.contexts.context import Contexts
from infrastructure.metering import Meter
from infrastructure.outbox.relays import BatchRelay
from infrastructure.projections.table import HeartbeatTable, ProjectionStateTable
from infrastructure.provider import Provider
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.change_reader import ChangeSource
from infrastructure.subscriptions.leases import CheckpointTable
from infrastructure.subscriptions.stream_order import Written
from infrastructure.system.failure_windows import FailureTable
from infrastructure.telemetry.telemetry import Telemetry


class Adapters(Protocol):
    """The adapters of one provider, each made when it is first asked for."""

    @property
    def store(self) -> Provider:
        """Its tables and transactions."""
        ...

    @property
    def table_initializer(self) -> TableInitializer:
        """Creates its tables."""
        ...

    @property
    def left_alone(self) -> Mapping[str, float]:
        """Tables that failed so often that they are not tried, and for how many seconds still."""
        ...

    @property
    def checkpoints(self) -> CheckpointTable:
        """Where leases and checkpoints are."""
        ...

    @property
    def failures(self) -> FailureTable:
        """Where failed attempts are counted."""
        ...

    @property
    def projection_states(self) -> ProjectionStateTable:
        """Where the states of projections are."""
        ...

    @property
    def heartbeats(self) -> HeartbeatTable:
        """Where the heartbeats of those who run projections are."""
        ...

    @property
    def event_changes(self) -> Callable[[], ChangeSource[Written]]:
        """Makes a source of what is added to the events, item by item."""
        ...

    @property
    def tagged_event_changes(self) -> Callable[[], ChangeSource[SequencedEvent]]:
        """Makes a source of what is added to the tagged events of this service."""
        ...

    @property
    def message_changes(self) -> Callable[[], ChangeSource[StoredMessage]]:
        """Makes a source of what changes in the outbox."""
        ...

    def batch_relay(self, relay: Relay, outbox: Outbox) -> BatchRelay:
        """A relay for batches of stream records. Raises `SettingsError` where there are none."""
        ...


def make_adapters(
    settings: Settings, contexts: Contexts, meter: Meter, clock: Clock, telemetry: Telemetry
) -> Adapters:
    """The adapters of the provider that the settings name.

    Each provider is imported here and not above: memory runs without the SDK of AWS.
    """
    if settings.provider == "memory":
        from api.composition.memory import MemoryAdapters  # noqa: PLC0415 see above

        return MemoryAdapters(settings)
    from api.composition.dynamodb import DynamoDBAdapters  # noqa: PLC0415 see above

    return DynamoDBAdapters(settings, contexts, meter, clock, telemetry)
