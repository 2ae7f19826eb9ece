"""From settings to the outbox and its relays, on either provider."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.publisher import Publisher
from application.ports.subscriptions import Start
from application.relay import Relay, RelayOptions
from domain.errors import InvalidValue
from infrastructure.change_feed import ChangeReader
from infrastructure.dynamodb.models.outbox import OUTBOX
from infrastructure.dynamodb.retry import RetryPolicy
from infrastructure.event_subscription import subscription_key
from infrastructure.leases import CheckpointTable, Lease
from infrastructure.messaging.destinations import Destinations
from infrastructure.metering import Meter
from infrastructure.outbox_store import StoredOutbox
from infrastructure.relay_queue import StoredRelayQueue
from infrastructure.relaying import (
    RELAY,
    OutboxChanges,
    PollingRelay,
    StreamRelay,
)
from infrastructure.repository import Provider
from infrastructure.setting_checks import invalid
from infrastructure.settings import Settings


def make_outbox(
    settings: Settings,
    store: Provider[Any],
    destinations: Destinations,
    *,
    clock: Clock,
    ids: IdFactory,
    meter: Meter,
) -> StoredOutbox[Any]:
    """The outbox."""
    return StoredOutbox(
        table=store.outbox(),
        begin=store.begin,
        check=destinations.check,
        clock=clock,
        ids=ids,
        meter=meter,
        keep=timedelta(days=settings.outbox_keep_days),
    )


def make_relay_queue(
    settings: Settings, store: Provider[Any], ids: IdFactory
) -> StoredRelayQueue[Any]:
    """What relays work through."""
    keep = timedelta(days=settings.outbox_keep_days)
    return StoredRelayQueue(table=store.outbox(), begin=store.begin, ids=ids, keep=keep)


def make_relay(
    settings: Settings,
    queue: StoredRelayQueue[Any],
    publishers: Mapping[str, Publisher],
    clock: Clock,
    ids: IdFactory,
) -> Relay:
    """A relay of its own name. Raises `SettingsError` where a lease is shorter than a publisher."""
    backoff = RetryPolicy(
        base=settings.relay_backoff_seconds, cap=settings.relay_backoff_cap_seconds
    )
    options = RelayOptions(
        lease_seconds=settings.relay_lease_seconds,
        batch=settings.relay_batch_size,
        attempts=settings.relay_attempts,
        backoff=backoff.pause,
    )
    try:
        return Relay(queue, publishers, clock, ids.new_id(), options, sleep=time.sleep)
    except InvalidValue as error:
        raise invalid("relay_lease_seconds", error.reason) from error


def make_polling_relay(
    settings: Settings, relay: Relay, queue: StoredRelayQueue[Any]
) -> PollingRelay:
    """A relay that polls."""
    interval = settings.relay_poll_interval_ms / 1000
    return PollingRelay(relay=relay, queue=queue, interval=interval)


def make_stream_relay(
    settings: Settings,
    relay: Relay,
    queue: StoredRelayQueue[Any],
    changes: OutboxChanges[Any],
    *,
    checkpoints: CheckpointTable,
    clock: Clock,
    ids: IdFactory,
) -> StreamRelay[Any]:
    """A relay that follows the stream of the outbox."""
    interval = settings.streams_poll_interval_ms / 1000
    # One owner whatever happens: where the lease could not be given back, it can be taken at once.
    owner = ids.new_id()

    def open_reader(start: Start) -> ChangeReader[Any]:
        lease = Lease(checkpoints, subscription_key(OUTBOX, RELAY), owner, clock)
        # What was there before is found by the index: no need to read the whole table first.
        return ChangeReader(changes.source(), lease, start, first=Start.NOW, poll_interval=interval)

    return StreamRelay(
        open_reader=open_reader,
        to_message=changes.to_message,
        relay=relay,
        queue=queue,
        clock=clock,
        sweep=timedelta(seconds=settings.relay_sweep_seconds),
        interval=interval,
    )
