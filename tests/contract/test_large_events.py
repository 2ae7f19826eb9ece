"""Events that no item should hold: their data goes to a blob, for streams and tagged events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from application.collect_blobs import collect_blobs
from application.errors import LimitExceeded
from application.ports.blob_store import BlobMissing
from application.ports.event_store import RawEvent
from application.ports.projection_store import check_projector
from domain.consistency import NoStream, StreamId
from domain.errors import InvalidValue
from domain.tagged_events import IdempotencyKeyReused, Query
from infrastructure.blobs.memory import MemoryBlobStore
from infrastructure.blobs.offload import Offload
from infrastructure.events.large_events import FOLDER, LargeEvents, is_reference
from infrastructure.system.clock import SystemClock
from tests.stores import Store
from tests.tagged_events.samples import BOOK, OPTIONS, Noted, note, texts
from tests.times import NOW

LARGE = "x" * 1_000_000
STREAM = StreamId("Note", "1")


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore(SystemClock())


@pytest.fixture
def store(make_store: Callable[[], Store], blobs: MemoryBlobStore) -> Store:
    """An empty store that moves what is larger than a kilobyte to blobs."""
    large = LargeEvents(Offload(blobs, threshold=1_000))
    return evolve(make_store(), options=evolve(OPTIONS, large_events=large))


def test_a_large_tagged_event_is_read_back_from_its_blob(
    store: Store, blobs: MemoryBlobStore
) -> None:
    dcb = store.dcb_store()
    dcb.append([note("small", BOOK), note(LARGE, BOOK, event_id="e-1")])
    assert texts(dcb.read(Query.of(BOOK)).events) == ["small", LARGE]
    raw = dcb.get("e-1", raw=True)
    assert raw is not None
    assert isinstance(raw.event, RawEvent)
    assert is_reference(raw.event.data)
    assert len(list(blobs.list(f"{FOLDER}/"))) == 1


def test_a_large_event_of_a_stream_is_read_back_from_its_blob(store: Store) -> None:
    store.event_store().append(STREAM, [Noted(text=LARGE, occurred_at=NOW)], NoStream())
    (stored,) = store.event_store().read(STREAM).events
    assert stored.event == Noted(text=LARGE, occurred_at=NOW)


def test_the_same_large_event_again_is_a_success_and_another_is_refused(store: Store) -> None:
    dcb = store.dcb_store()
    event = note(LARGE, BOOK, event_id="e-1")
    assert dcb.append([event]) == dcb.append([event])
    with pytest.raises(IdempotencyKeyReused):
        dcb.append([note(LARGE + "y", BOOK, event_id="e-1")])


def test_a_blob_that_is_gone_is_told(store: Store, blobs: MemoryBlobStore) -> None:
    dcb = store.dcb_store()
    dcb.append([note(LARGE, BOOK)])
    for blob in list(blobs.list("")):
        blobs.delete(blob.key)
    with pytest.raises(BlobMissing):
        dcb.read(Query.of(BOOK))


def test_without_a_place_for_blobs_a_large_event_is_refused(store: Store) -> None:
    with pytest.raises(LimitExceeded, match="item size"):
        evolve(store, options=OPTIONS).dcb_store().append([note(LARGE, BOOK)])


def test_the_blob_of_an_event_is_not_collected(store: Store, blobs: MemoryBlobStore) -> None:
    dcb = store.dcb_store()
    dcb.append([note(LARGE, BOOK)])
    collect_blobs(blobs, (), older_than=datetime.now(UTC) + timedelta(days=1))
    assert texts(dcb.read(Query.of(BOOK)).events) == [LARGE]


def test_no_projector_has_the_name_under_which_blobs_of_events_are() -> None:
    with pytest.raises(InvalidValue, match="projector: 'events' is where"):
        check_projector(FOLDER, "1")
