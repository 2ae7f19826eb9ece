"""Subscriptions: every event as it is committed, in order per stream."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

from attrs import frozen

from application.ports.event_store import StoredEvent
from domain.errors import DynastrataError


@frozen
class ChangesTrimmed(DynastrataError):
    """Changes of a table are gone from its stream before they were read.

    Every change made until `since` was read; some after it may be missing. `shard` is the part of
    the stream that begins too late, or None for all of it. The table itself still has the state:
    subscribing anew from the beginning gives everything again.
    """

    table: str
    shard: str | None
    since: datetime

    def __str__(self) -> str:
        part = "" if self.shard is None else f" (shard {self.shard})"
        return (
            f"changes of {self.table} since {self.since.isoformat()} are gone from its stream"
            f"{part}: catch up from the table"
        )


class Start(Enum):
    """Where a subscription begins.

    NOW gives what is committed after `subscribe` returned, BEGINNING every event there is, and
    both forget the checkpoint stored under the name. CHECKPOINT goes on after it, and is as
    BEGINNING where there is none. A service that runs for long, or in several instances, wants
    CHECKPOINT; to begin at some point in time, open and close a subscription with NOW then.
    """

    NOW = "now"
    BEGINNING = "beginning"
    CHECKPOINT = "checkpoint"


class Subscription(Protocol):
    """An iterator over events, waiting for the next one where there is none yet.

    Asking for an event says that the one before it is dealt with. Checkpoints hold only what is
    dealt with: whoever goes on from one gets every event after it at least once. Only one
    instance of a name iterates at a time; another one waits for its lease to end.
    """

    def __iter__(self) -> Iterator[StoredEvent]: ...

    def __next__(self) -> StoredEvent:
        """The next event.

        Per stream they come in order of their versions; an event can come again. Raises
        `StopIteration` once stopped, `LeaseLost` when another instance took over (an event took
        longer than the lease lasts), and `ChangesTrimmed` when events are gone from what the
        subscription reads, where only the beginning helps.
        """
        ...

    def stop(self) -> None:
        """Ends the iteration where it next asks for an event. For any thread."""
        ...

    def close(self) -> None:
        """Stores the checkpoint of what is dealt with and frees the lease. Leaving `with` does."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class EventSubscriptions(Protocol):
    """Opens subscriptions to all events of the event store."""

    def subscribe(self, name: str, start: Start, *, raw: bool = False) -> Subscription:
        """Begins or goes on with the subscription of this name.

        With `raw` every event is a `RawEvent`; without, one of an unknown type raises
        `UnknownEventType` while iterating. Raises `InvalidValue` for a name that is empty or
        longer than 255 bytes.
        """
        ...
