"""Many tagged events, put into a store faster than by appending them."""

from __future__ import annotations

from datetime import datetime, timedelta

from application.ports.dcb_store import SequencedEvent
from application.ports.event_store import EventMetadata
from domain.tagged_events import Position, Tag, microsecond_of
from infrastructure.commit.participant import Action
from tests.stores import Store
from tests.tagged_events.samples import OPTIONS, Noted

_COMMIT = 100


def put_many(store: Store, count: int, first_at: datetime) -> None:
    """So many notes of a hundred books, a millisecond apart, without rows and guards of their tags.

    For readers of all events, which need none.
    """
    table = store.provider.tagged_events()
    for first in range(0, count, _COMMIT):
        commit_id = f"commit-{first}"
        actions: list[Action] = []
        for n in range(first, min(first + _COMMIT, count)):
            actions += table.put(_event(n, first_at + timedelta(milliseconds=n), commit_id), ())
        store.provider.transaction(commit_id, actions).commit()


def _event(n: int, at: datetime, commit_id: str) -> SequencedEvent:
    event = Noted(text=f"note {n}", occurred_at=at)
    event_id = f"note-{n:07}"
    return SequencedEvent(
        position=Position.of(microsecond_of(at), event_id),
        event_id=event_id,
        type="Noted",
        tags=(Tag(f"book:{n % 100}"),),
        timestamp=at,
        event=OPTIONS.contexts.event_types.encode(event),
        metadata=EventMetadata(),
        commit_id=commit_id,
    )
