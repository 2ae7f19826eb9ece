"""How much one append may hold: 4 MB by our own count, and not a byte more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from application.errors import LimitExceeded
from application.ports.event_store import EventMetadata
from domain.consistency import Loaded, NoStream
from infrastructure.commit.participant import Commit
from infrastructure.events.registry import EventEncoder
from infrastructure.events.streams import record_of
from infrastructure.limits import NEW_ITEM_CONDITION, record_size
from infrastructure.system.ids import RandomIds
from tests.contract.test_event_store import STREAM
from tests.events.samples import OPTIONS, REGISTRY, Noted, noted
from tests.stores import Store

MOST = 4 * 1024 * 1024
EVENTS = 11
# Base64 stores three bytes as four characters, so that a text grows an item in steps of four.
TEXT_STEP, STORED_STEP = 3, 4


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store that knows the event types of the tests."""
    return evolve(make_store(), options=OPTIONS)


def stored_size(events: list[Noted], actor: str) -> int:
    encoder = EventEncoder(REGISTRY, RandomIds())
    commit = Commit(RandomIds().new_id(), ())
    encoded = encoder.encode(STREAM, events, 0, commit, EventMetadata(actor=actor))
    return sum(record_size(record_of(event)) + NEW_ITEM_CONDITION for event in encoded)


def append_of(size: int) -> tuple[list[Noted], EventMetadata]:
    """Events, and an actor, that take exactly so many bytes together."""
    text = "x" * 276_000
    for actor in ("a" * n for n in range(1, 1 + STORED_STEP)):
        missing = size - stored_size(noted(*[text] * EVENTS), actor)
        if missing % STORED_STEP == 0:
            more = "x" * (missing // STORED_STEP // EVENTS * TEXT_STEP)
            rest = "x" * (missing // STORED_STEP % EVENTS * TEXT_STEP)
            events = noted(text + more + rest, *[text + more] * (EVENTS - 1))
            assert stored_size(events, actor) == size
            return events, EventMetadata(actor=actor)
    raise AssertionError(size)


def test_four_megabytes_are_one_append(store: Store) -> None:
    if store.name == "ministack":
        pytest.skip("MiniStack counts the request's JSON instead, which is larger")
    events, metadata = append_of(MOST)
    assert store.event_store().append(STREAM, events, NoStream(), metadata) == Loaded(EVENTS)
    assert store.event_store().version(STREAM) == Loaded(EVENTS)


def test_one_byte_more_is_refused_with_the_sizes(store: Store) -> None:
    events, metadata = append_of(MOST + 1)
    with store.meter.measure() as usage, pytest.raises(LimitExceeded) as caught:
        store.event_store().append(STREAM, events, NoStream(), metadata)
    assert (caught.value.actual, caught.value.allowed) == (MOST + 1, MOST)
    assert usage.requests == 0
