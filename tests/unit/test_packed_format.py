"""How a packed commit is stored: a change here breaks data."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from attrs import evolve

from application.errors import LimitExceeded
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from domain.consistency import StreamId
from domain.errors import InvalidValue
from infrastructure.events.packing import pack, packed_record, unpack
from infrastructure.limits import MAX_BYTES
from tests.times import NOW

METADATA = '{"actor":"ada","correlationId":"request","schemaVersion":2}'
ROWS = [
    ["id-7", "Noted", METADATA, b'{"text":"a"}', 0, False],
    ["id-8", "Noted", METADATA, b'{"text":"a"}', 1_000_000, True],
]


def event(version: int, actor: str = "ada") -> StoredEvent:
    return StoredEvent(
        stream=StreamId("Note", "1"),
        version=version,
        event_id=f"id-{version}",
        type="Noted",
        timestamp=NOW + timedelta(seconds=version - 7),
        event=RawEvent("Noted", 2, b'{"text":"a"}'),
        metadata=EventMetadata(correlation_id="request", actor=actor),
        commit_id="commit",
        commit_first=7,
        commit_count=2,
        is_dispatched=version == 8,
    )


def test_a_commit_is_stored_as_these_attributes() -> None:
    record: dict[str, Any] = dict(packed_record([event(7), event(8)]))

    assert msgspec.msgpack.decode(zlib.decompress(record.pop("packed"))) == ROWS
    assert record == {
        "pk": "Note:1",
        "sk": 7,
        "commitId": "commit",
        "commitFirst": 7,
        "commitCount": 2,
        "timestamp": "2046-11-20T12:00:00+00:00",
    }


def test_what_compressing_makes_no_smaller_is_stored_as_it_is() -> None:
    assert msgspec.msgpack.decode(pack([event(7)])) == ROWS[:1]


@pytest.mark.parametrize("rows", [ROWS, [[*row, "of a later release"] for row in ROWS]])
def test_what_later_releases_add_at_the_end_is_passed_over(rows: Sequence[Any]) -> None:
    found = unpack(msgspec.msgpack.encode(rows), 2, StreamId("Note", "1"), 7)

    assert [list(msgspec.structs.astuple(each)) for each in found] == ROWS


@pytest.mark.parametrize("hostile", [event(7, actor="\ud800"), evolve(event(7), event_id="\ud800")])
def test_text_that_utf_8_cannot_encode_is_refused(hostile: StoredEvent) -> None:
    with pytest.raises(InvalidValue, match="UTF-8"):
        pack([hostile])


def test_exactly_4_mb_are_packed_and_a_byte_more_is_refused() -> None:
    room = MAX_BYTES - len(zlib.decompress(pack([large(1_000_000)]))) + 1_000_000

    [found] = unpack(pack([large(room)]), 1, StreamId("Note", "1"), 7)
    assert len(found.data) == room

    with pytest.raises(LimitExceeded) as exceeded:
        pack([large(room + 1)])
    assert exceeded.value.args == (
        "size of one commit",
        *(MAX_BYTES + 1, MAX_BYTES, "bytes", "Note 1, before it is compressed"),
    )


def large(size: int) -> StoredEvent:
    return evolve(event(7), event=RawEvent("Noted", 2, b"x" * size))
