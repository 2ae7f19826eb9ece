"""The events of one commit as one binary value. Stored: never change what is read here."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from application.errors import LimitExceeded, UnreadableEvent
from application.ports.event_store import StoredEvent
from domain.consistency import StreamId
from domain.errors import InvalidValue
from infrastructure.events.streams import metadata_text, raw_of, stream_key
from infrastructure.limits import MAX_BYTES, Record

PACKED = "packed"
"""The attribute that holds the events: only items of the packed layout have it."""

_MICROSECOND = timedelta(microseconds=1)
_ZLIB = b"\x78"  # how each zlib stream begins, and no list of MessagePack


class PackedEvent(msgspec.Struct, array_like=True, frozen=True):
    """One event, as a list. Stored: never change the order; add at the end, with a default.

    `metadata` is that of an event with an item of its own, as JSON; `data` is the encoded event;
    `after` are the microseconds from the item's timestamp to the event's.
    """

    event_id: str
    type: str
    metadata: str
    data: bytes
    after: int
    is_dispatched: bool


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[PackedEvent]).decode


def packed_record(events: Sequence[StoredEvent]) -> Record:
    """The attributes, keys included, of the item with these events: a whole commit, raw.

    Names and formats are stored: never change. Raises `InvalidValue` for text that cannot be
    stored, `LimitExceeded` for more than 4 MB before they are compressed.
    """
    first = events[0]
    return {
        "pk": stream_key(first.stream),
        "sk": first.version,
        "commitId": first.commit_id,
        "commitFirst": first.version,
        "commitCount": len(events),
        "timestamp": first.timestamp.astimezone(UTC).isoformat(),
        PACKED: pack(events),
    }


def pack(events: Sequence[StoredEvent]) -> bytes:
    """The events as a list of MessagePack, compressed by zlib where that is smaller."""
    try:
        plain = _encode([_row(event, events[0].timestamp) for event in events])
    except UnicodeEncodeError as error:
        raise InvalidValue("event", "has text that UTF-8 cannot encode") from error
    if len(plain) > MAX_BYTES:
        where = f"{events[0].stream}, before it is compressed"
        raise LimitExceeded("size of one commit", len(plain), MAX_BYTES, "bytes", where)
    compressed = zlib.compress(plain)
    return compressed if len(compressed) < len(plain) else plain


def unpack(blob: bytes, count: int, stream: StreamId, first: int) -> list[PackedEvent]:
    """The events that `pack` was given. Takes no more than 4 MB of memory for the plain list.

    `stream` and `first`, the version of the first event, name a blob that is damaged or has not
    `count` events: `UnreadableEvent`.
    """
    try:
        events = _decode(_plain(blob))
    except (ValueError, zlib.error) as error:
        raise _damaged(str(error), count, stream, first) from error
    if len(events) != count:
        raise _damaged(f"{len(events)} events are there", count, stream, first)
    return events


def _damaged(problem: str, count: int, stream: StreamId, first: int) -> UnreadableEvent:
    name = f"event {first} of {stream}"
    return UnreadableEvent(name, f"packed commit of {count} events", problem)


def time_of(event: PackedEvent, base: datetime) -> datetime:
    """When an event happened, given the timestamp of its item."""
    return base + event.after * _MICROSECOND if event.after else base


def _row(event: StoredEvent, base: datetime) -> PackedEvent:
    raw = raw_of(event)
    return PackedEvent(
        event_id=event.event_id,
        type=event.type,
        metadata=metadata_text(event.metadata, raw.schema_version),
        data=raw.data,
        after=(event.timestamp - base) // _MICROSECOND,
        is_dispatched=event.is_dispatched,
    )


def _plain(blob: bytes) -> bytes:
    if not blob.startswith(_ZLIB):
        return blob
    decompressing = zlib.decompressobj()
    plain = decompressing.decompress(blob, MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise ValueError(f"has more than {MAX_BYTES} bytes when it is decompressed")
    if not decompressing.eof or decompressing.unused_data:
        raise ValueError("its compressed data have another length than they say")
    return plain
