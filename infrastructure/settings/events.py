"""Streams, tagged events, and what is folded from them."""

# ruff: noqa: RUF009 -- the functions called for defaults make attrs fields, as `field` does

from __future__ import annotations

from typing import Literal

from attrs import frozen

from infrastructure.settings.checks import attribute_name, one_of, within
from infrastructure.settings.options import option

EventsLayout = Literal["item_per_event", "packed"]


@frozen(kw_only=True, slots=False)
class EventSettings:
    """Streams, tagged events, and what is folded from them."""

    events_partition_key: str = option(
        "pk", "Partition key of the table of events.", attribute_name
    )
    events_sort_key: str = option("sk", "Sort key of the table of events.", attribute_name)
    events_layout: EventsLayout = option(
        "item_per_event",
        "How events are written: an item for each, or a commit's events packed into one. Both are "
        "read, whatever this says.",
        one_of(EventsLayout),
    )
    events_transactional_write: bool = option(
        default=True,
        meaning="Whether the event store appends several events at once. Off: one after the "
        "other, which is cheaper and weaker. Packed events always go at once.",
    )
    events_max_batch_size: int = option(
        100,
        "Most events of one stream in one commit. For packed ones only their bytes count.",
        within(1, 100),
    )
    events_streams_enabled: bool = option(
        default=True,
        meaning="Whether a new table of events has a stream, which subscriptions follow.",
    )
    streams_poll_interval_ms: int = option(
        1000, "Milliseconds between two looks at a stream without news.", within(1, 60_000)
    )
    tagged_events_service_id: str = option(
        "", "Keeps the tagged events of several services in one table apart. Never change it."
    )
    tagged_events_write_shards: int = option(
        1,
        "How many partitions the index of all tagged events is spread over. Never fewer than "
        "before.",
        within(1, 100),
    )
    tagged_events_safe_window_seconds: float = option(
        5.0,
        "How far behind the clock tagged events are read in the order of all.",
        within(0, 3600),
    )
    projections_checkpoint_events: int = option(
        1000,
        "Events that a projector reads between two times it stores its state.",
        within(1, 10**6),
    )
    projections_checkpoint_seconds: float = option(
        5.0, "The same in seconds, for one that follows what comes.", within(0, 3600)
    )
    projections_stop_seconds: float = option(
        10.0,
        "How long projectors that are told to stop may go on with what they have begun.",
        within(0, 3600),
    )
    snapshot_every: int = option(
        100, "Events of one stream between two snapshots. 0: none are taken.", within(0, 1_000_000)
    )

    @property
    def packs_events(self) -> bool:
        """Whether a commit's events are written as one item."""
        return self.events_layout == "packed"
