"""Every state of a projection survives the way to the wire and back, and so does its data."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from application.ports.projection_store import Lifecycle, ProjectionState, StateUnreadable
from domain.tagged_events import Position
from infrastructure.dynamodb.items import Item, item_size, model_of
from infrastructure.dynamodb.mappers.projection_states import to_stored
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.dynamodb.models.projection_states import ProjectionStateModel
from infrastructure.limits import record_size
from infrastructure.projections.packing import pack, unpack
from infrastructure.projections.table import StoredState, to_record
from tests.wire import TEXTS, over_the_wire

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,50}(\.[A-Za-z0-9_-]{1,20})?", fullmatch=True)
COUNTS = st.integers(0, 10**37)
POSITIONS = st.builds(Position.of, st.integers(0, 10**16 - 1), TEXTS.filter(bool))
TIMES = st.datetimes(timezones=st.just(UTC))
STATES = st.builds(
    ProjectionState,
    projector=NAMES,
    version=NAMES,
    payload_type=TEXTS,
    last_position=st.none() | POSITIONS,
    events_processed=COUNTS,
    safe_window_threshold=st.none() | POSITIONS,
    build_source=st.none() | TEXTS,
    build_host=st.none() | TEXTS,
    generation=COUNTS,
    revision=COUNTS,
    lifecycle=st.sampled_from(Lifecycle),
    created=TIMES,
    updated=TIMES,
    original_size=COUNTS,
    compressed_size=COUNTS,
    offload_key=st.none() | TEXTS,
    offload_provider=st.none() | TEXTS,
    inline=st.none() | st.binary(),
)
STORED = st.builds(StoredState, state=STATES, write_id=TEXTS)
PIECES = st.lists(st.binary(max_size=5_000), max_size=20)


def to_item(stored: StoredState) -> Item:
    model = model_of(ProjectionStateModel, to_record(stored))
    return item_of(model)


def values(stored: StoredState) -> dict[str, Any]:
    """Everything of it, data included."""
    state = {field.name: getattr(stored.state, field.name) for field in fields(ProjectionState)}
    return {**state, "write_id": stored.write_id}


@given(STORED)
def test_a_state_is_read_back_as_it_was_stored(stored: StoredState) -> None:
    assert values(to_stored(over_the_wire(to_item(stored)))) == values(stored)


@given(STORED)
def test_the_size_of_a_state_is_that_of_its_item(stored: StoredState) -> None:
    assert record_size(to_record(stored)) == item_size(to_item(stored))


@given(STORED, st.sampled_from(["lifecycle", "createdAt", "lastPosition", "generation", "writeId"]))
def test_what_is_no_state_is_told(stored: StoredState, name: str) -> None:
    broken = {**to_item(stored), name: {"S": "?"}}
    if name == "writeId":
        del broken[name]

    with pytest.raises(StateUnreadable) as unreadable:
        to_stored(broken)
    assert unreadable.value.projector == stored.state.projector


@given(PIECES, st.integers(0, 20_000))
def test_packed_data_is_the_same_data_however_much_of_it_was_packed(
    pieces: list[bytes], limit: int
) -> None:
    whole = b"".join(pieces)
    packed = pack(iter(pieces), limit)

    assert packed.rest is None or len(packed.compressed) > limit
    assert b"".join(packed.chunks()) == whole
    if packed.rest is None:
        assert packed.original_size == len(whole)
        with unpack(packed.compressed) as stream:
            assert stream.read() == whole


def test_a_bomb_is_unpacked_piece_by_piece() -> None:
    packed = pack(b"\0" * 20_000_000, 1_000_000)

    assert packed.rest is None
    assert max(map(len, packed.chunks())) <= 256 * 1024


@given(st.binary(min_size=1, max_size=3_000), st.data())
def test_a_bit_that_is_turned_is_told_or_changes_nothing(whole: bytes, data: st.DataObject) -> None:
    compressed = bytearray(pack(whole, 10_000).compressed)
    at = data.draw(st.integers(0, len(compressed) - 1))
    compressed[at] ^= 1 << data.draw(st.integers(0, 7))

    assert unpacked(bytes(compressed)) in {whole, None}


def unpacked(compressed: bytes) -> bytes | None:
    """The data; None where it is damaged."""
    try:
        with unpack(compressed) as stream:
            return stream.read()
    except ValueError:
        return None
