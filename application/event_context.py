"""On whose behalf, and for which request, something is done: carried along, not passed along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from application.ports.event_store import EventMetadata

_NOBODY = EventMetadata()
_current: ContextVar[EventMetadata] = ContextVar("event context", default=_NOBODY)


def current_event_context() -> EventMetadata:
    """What events that are committed here and now are stored with."""
    return _current.get()


@contextmanager
def event_context(metadata: EventMetadata) -> Iterator[None]:
    """Within the block, events are stored with this metadata."""
    token = _current.set(metadata)
    try:
        yield
    finally:
        _current.reset(token)
