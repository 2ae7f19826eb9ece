"""Packed commits: through the real wire format, and however a stream is divided into them."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from application.errors import UnreadableEvent
from application.ports.event_store import StoredEvent
from domain.consistency import StreamId
from infrastructure.dynamodb.items import item_size
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.transaction.actions import ItemAction
from infrastructure.events.packing import pack, packed_record, unpack
from infrastructure.events.streams import raw_of
from infrastructure.limits import MAX_BYTES, NEW_ITEM_CONDITION, record_size
from infrastructure.memory.provider import MemoryProvider
from tests.events.layouts import fill, in_layout
from tests.events.samples import OPTIONS
from tests.property.test_limits import EVENTS, memory_size
from tests.stores import Store
from tests.unit.dynamodb.scripted import gateway

STREAM = StreamId("Note", "1")
PACKED = DynamoDBProvider(gateway({}), TableNames(), packed_events=True)
READER = EventReader(EventModel)
COMMITS = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=6)
SMALL = st.integers(1, 20)


@st.composite
def commits(draw: st.DrawFn) -> list[StoredEvent]:
    """Events of one commit, at times of their own."""
    events = draw(st.lists(EVENTS, min_size=1, max_size=4))
    first = events[0]
    microseconds = draw(
        st.lists(st.integers(-(10**9), 10**9), min_size=len(events), max_size=len(events))
    )
    return [
        evolve(
            event,
            stream=first.stream,
            event=evolve(raw_of(event), type=event.type),
            version=first.version + n,
            commit_id=first.commit_id,
            commit_first=first.version,
            commit_count=len(events),
            timestamp=first.timestamp + timedelta(microseconds=microseconds[n] if n else 0),
        )
        for n, event in enumerate(events)
    ]


def item_of(events: list[StoredEvent]) -> Any:
    """The item as it is sent and comes back: binary values are base64 on the way."""
    (action,) = PACKED.events().append(events)
    assert isinstance(action, ItemAction)
    sent = msgspec.json.encode(action.request()["Item"])
    item = msgspec.json.decode(sent)
    return {**item, "packed": {"B": msgspec.json.decode(f'"{item["packed"]["B"]}"', type=bytes)}}


@given(commits())
def test_packed_events_come_back_as_they_were(events: list[StoredEvent]) -> None:
    assert list(READER(item_of(events))) == events


@given(commits())
def test_record_of_a_commit_is_as_large_as_its_item_in_memory_too(
    events: list[StoredEvent],
) -> None:
    size = record_size(packed_record(events))

    assert item_size(item_of(events)) == size
    actions = MemoryProvider(packed_events=True).events().append(events)
    assert memory_size(*actions) == size + NEW_ITEM_CONDITION


@given(COMMITS, SMALL, st.none() | SMALL, st.booleans(), st.none() | SMALL)
def test_however_a_stream_is_divided_any_bounds_give_the_same(
    plan: list[tuple[int, bool]],
    first: int,
    last: int | None,
    backwards: bool,
    limit: int | None,
) -> None:
    store = Store("memory", MemoryProvider(), options=OPTIONS)
    total = fill(store, STREAM, plan).version
    found = store.event_store().read(
        STREAM, first=first, last=last, backwards=backwards, limit=limit
    )

    versions = list(range(first, min(total if last is None else last, total) + 1))
    expected = (versions[::-1] if backwards else versions)[:limit]
    assert [event.version for event in found.events] == expected
    for packed in (False, True):
        assert in_layout(store, packed=packed).event_store().version(STREAM).version == total


@given(commits(), st.data())
def test_a_blob_that_is_cut_off_or_followed_by_more_is_told_with_stream_and_version(
    events: list[StoredEvent], data: st.DataObject
) -> None:
    blob = pack(events)
    cut = blob[: data.draw(st.integers(0, len(blob) - 1))]

    for damaged in (cut, blob + b"x"):
        with pytest.raises(UnreadableEvent) as caught:
            unpack(damaged, len(events), STREAM, 7)
        assert caught.value.event == "event 7 of Note 1"


@given(commits(), st.data())
def test_a_blob_with_another_byte_gives_no_error_but_that_it_is_unreadable(
    events: list[StoredEvent], data: st.DataObject
) -> None:
    item = item_of(events)
    blob = bytearray(item["packed"]["B"])
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        READER({**item, "packed": {"B": bytes(blob)}})
    except UnreadableEvent as error:
        assert str(events[0].stream) in error.event  # noqa: PT017 reading some is no failure


def test_a_blob_that_gets_too_large_is_not_unpacked() -> None:
    bomb = zlib.compress(b"x" * (MAX_BYTES + 1))

    with pytest.raises(UnreadableEvent, match=f"more than {MAX_BYTES} bytes"):
        unpack(bomb, 1, STREAM, 1)


@given(commits())
def test_a_blob_of_another_number_of_events_is_told(events: list[StoredEvent]) -> None:
    with pytest.raises(UnreadableEvent, match=f"{len(events)} events are there"):
        unpack(pack(events), len(events) + 1, STREAM, 1)
