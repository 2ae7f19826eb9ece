"""From settings to the outbox and its relays, on either provider."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from api.composition.adapters import Adapters
from api.composition.telemetry import observed_publishers
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.outbox import StoredMessage
from application.ports.publisher import Publisher
from application.ports.subscriptions import Start
from application.relay import Relay, RelayOptions
from domain.errors import InvalidValue
from infrastructure.messaging.destinations import Destinations
from infrastructure.metering import Meter
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.outbox.relays import RELAY, PollingRelay, StreamRelay
from infrastructure.outbox.store import TableOutbox
from infrastructure.outbox.table import OUTBOX
from infrastructure.provider import Provider
from infrastructure.settings.checks import invalid
from infrastructure.settings.settings import Settings
from infrastructure.subscriptions.change_reader import ChangeReader
from infrastructure.subscriptions.event_subscription import subscription_key
from infrastructure.subscriptions.leases import SubscriptionLease
from infrastructure.system.backoff import full_jitter
from infrastructure.telemetry.gauges import OutboxGauges
from infrastructure.telemetry.telemetry import Telemetry


def make_outbox(
    settings: Settings,
    store: Provider,
    destinations: Destinations,
    *,
    clock: Clock,
    ids: IdFactory,
    meter: Meter,
) -> TableOutbox:
    """The outbox."""
    return TableOutbox(
        table=store.outbox(),
        transaction=store.transaction,
        check=destinations.check,
        clock=clock,
        ids=ids,
        meter=meter,
        keep=timedelta(days=settings.outbox_keep_days),
    )


def make_relay_queue(
    settings: Settings, store: Provider, ids: IdFactory, clock: Clock, telemetry: Telemetry
) -> TableRelayQueue:
    """What relays work through."""
    return TableRelayQueue(
        table=store.outbox(),
        transaction=store.transaction,
        ids=ids,
        keep=timedelta(days=settings.outbox_keep_days),
        on_pending=OutboxGauges(telemetry, clock).observe,
    )


def make_relay(
    settings: Settings,
    queue: TableRelayQueue,
    publishers: Mapping[str, Publisher],
    *,
    clock: Clock,
    ids: IdFactory,
    telemetry: Telemetry,
) -> Relay:
    """A relay of its own name. Raises `SettingsError` where a lease is shorter than a publisher."""
    backoff = partial(
        full_jitter, base=settings.relay_backoff_seconds, cap=settings.relay_backoff_cap_seconds
    )
    options = RelayOptions(
        lease_seconds=settings.relay_lease_seconds,
        batch_size=settings.relay_batch_size,
        attempts=settings.relay_attempts,
        backoff=backoff,
    )
    observed = observed_publishers(settings, publishers, telemetry)
    try:
        return Relay(queue, observed, clock, ids.new_id(), options, sleep=time.sleep)
    except InvalidValue as error:
        raise invalid("relay_lease_seconds", error.reason) from error


def make_polling_relay(settings: Settings, relay: Relay, queue: TableRelayQueue) -> PollingRelay:
    """A relay that polls."""
    interval = settings.relay_poll_interval_ms / 1000
    return PollingRelay(relay=relay, queue=queue, interval=interval)


def make_stream_relay(
    settings: Settings,
    relay: Relay,
    queue: TableRelayQueue,
    adapters: Adapters,
    *,
    clock: Clock,
    ids: IdFactory,
) -> StreamRelay:
    """A relay that follows the stream of the outbox."""
    interval = settings.streams_poll_interval_ms / 1000
    # One owner whatever happens: where the lease could not be given back, it can be taken at once.
    owner = ids.new_id()

    def open_reader(start: Start) -> ChangeReader[StoredMessage]:
        lease = SubscriptionLease(
            adapters.checkpoints, subscription_key(OUTBOX, RELAY), owner, clock
        )
        source = adapters.message_changes()
        # What was there before is found by the index: no need to read the whole table first.
        return ChangeReader(source, lease, start, first=Start.NOW, poll_interval=interval)

    return StreamRelay(
        open_reader=open_reader,
        relay=relay,
        queue=queue,
        clock=clock,
        sweep=timedelta(seconds=settings.relay_sweep_seconds),
        interval=interval,
    )
