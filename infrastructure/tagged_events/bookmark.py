"""Where whoever follows tagged events goes on."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from domain.tagged_events import Position
from infrastructure.subscriptions.leases import Checkpoint


@frozen(kw_only=True)
class FeedPoint:
    """Where the change feed was at some time. Stored: never rename a field."""

    at: datetime
    checkpoint: Checkpoint


@frozen(kw_only=True)
class Bookmark:
    """Where to go on. It belongs to what was given, and is stored with what was made of that.

    The index is read after `position`; `given` is the highest position that was given. `feed` is
    the checkpoint of the change feed, which had nothing more at `drained`; `earlier` are one or two
    from before. The feed `told` of events that are still to be given; it is `awaited` to tell of
    others, which were given first. Stored: never rename a field.
    """

    feed: Checkpoint
    drained: datetime
    earlier: tuple[FeedPoint, ...]
    position: Position | None = None
    given: Position | None = None
    told: tuple[Position, ...] = ()
    awaited: tuple[Position, ...] = ()
