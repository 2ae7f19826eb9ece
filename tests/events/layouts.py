"""One store in either layout: what it writes differs, what it reads does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from attrs import evolve

from domain.consistency import Loaded, StreamId
from tests.events.samples import noted
from tests.stores import Store

PLANS = [
    [(5, True)],
    [(1, True), (2, True), (1, False), (1, True)],
    [(2, False), (3, True)],
]
"""Streams of five events: how many each commit has, and whether they are packed."""


def in_layout(store: Store, *, packed: bool) -> Store:
    """The same tables, written to in a layout."""
    return evolve(
        store,
        provider=evolve(store.provider, packed_events=packed),
        options=evolve(store.options, max_events=None if packed else 100),
    )


def fill(store: Store, stream: StreamId, plan: Sequence[tuple[int, bool]]) -> Loaded:
    """Commits of so many events in a layout, each event with its version as text."""
    version, numbers = Loaded(0), count(1)
    for events, packed in plan:
        texts = [str(next(numbers)) for _ in range(events)]
        layout = in_layout(store, packed=packed)
        version = layout.event_store().append(stream, noted(*texts), version)
    return version
