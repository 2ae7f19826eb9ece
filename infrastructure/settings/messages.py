"""Where messages go, and how relays work."""

from __future__ import annotations

from collections.abc import Mapping

import typed_settings as ts
from attrs import frozen

from infrastructure.settings.checks import destination, each, within
from infrastructure.settings.destination import DESTINATION
from infrastructure.settings.options import option


@frozen(kw_only=True, slots=False)
class MessageSettings:
    """Where messages go, and how relays work."""

    destinations: Mapping[str, str] = ts.option(
        factory=dict,
        validator=each(DESTINATION, destination),
        help="Where messages for `<name>` go: a queue of SQS, a topic of SNS, a bus of "
        "EventBridge, the log, or memory. All are in the region of the tables.",
    )
    outbox_shards: int = option(
        4,
        "How many partitions the index of pending messages is spread over. Never fewer than "
        "before.",
        within(1, 256),
    )
    outbox_keep_days: float = option(
        7.0, "Days for which published messages are kept.", within(0.01, 3650)
    )
    inbox_keep_days: float = option(
        30.0,
        "Days for which handled messages are remembered: longer than any can be delivered again.",
        within(0.01, 3650),
    )
    idempotency_keep_hours: float = option(
        24.0,
        "Hours for which the answer to a request with an `Idempotency-Key` is kept.",
        within(0.01, 8760),
    )
    relay_while_serving: bool = option(
        default=False, meaning="Whether `serve` publishes messages too, so that no relay is needed."
    )
    relay_lease_seconds: float = option(
        30.0,
        "For how long a relay has an ordering key to itself. More than both timeouts and 2 "
        "seconds.",
        within(1, 3600),
    )
    relay_batch_size: int = option(
        25, "Most messages of one ordering key that a relay publishes in one go.", within(1, 98)
    )
    relay_attempts: int = option(
        # With the pauses below these take about an hour.
        30,
        "After so many attempts a message is dead-lettered.",
        within(1, 1000),
    )
    relay_backoff_seconds: float = option(
        1.0, "Pause of an ordering key after its first failure; doubles with each.", within(0, 3600)
    )
    relay_backoff_cap_seconds: float = option(
        300.0, "Longest pause of an ordering key.", within(0, 86_400)
    )
    relay_poll_interval_ms: int = option(
        1000, "Milliseconds between two looks for pending messages.", within(1, 60_000)
    )
    relay_sweep_seconds: float = option(
        30.0,
        "How often a relay that follows the stream looks for what that did not bring.",
        within(0.01, 86_400),
    )
    relay_stop_seconds: float = option(
        10.0,
        "How long a relay that is told to stop may go on with what it has begun.",
        within(0, 3600),
    )
