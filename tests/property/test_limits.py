"""Memory reckons what DynamoDB does: how large an item is, and what is too large for one."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from application.errors import InvalidItem, LimitExceeded
from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from application.ports.outbox import OutboxMessage
from domain.consistency import StreamId
from infrastructure.commit.participant import Action
from infrastructure.dynamodb.items import item_size, request_size
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.dynamodb.transaction.actions import ItemAction
from infrastructure.events.streams import raw_of, stream_key
from infrastructure.events.streams import record_of as event_record
from infrastructure.limits import (
    MAX_BYTES,
    MAX_HASH_KEY,
    MAX_ITEM,
    NEW_ITEM_CONDITION,
    Record,
    is_text,
    record_size,
)
from infrastructure.memory.database import MemoryAction
from infrastructure.memory.provider import MemoryProvider
from infrastructure.outbox.table import MAX_MESSAGE
from infrastructure.outbox.table import record_of as message_record
from infrastructure.provider import Provider
from tests.contract.storing import facts
from tests.property.test_messages import MESSAGES, TIMESTAMPS
from tests.unit.dynamodb.scripted import gateway
from tests.wire import TEXTS

MEMORY = MemoryProvider()
DYNAMODB = DynamoDBProvider(gateway({}), TableNames())

VERSIONS = st.integers(1, 10**15) | st.integers(0, 15).map(lambda zeros: 10**zeros)
# So short that they fit a key, escaped and in UTF-8.
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
STREAMS = st.builds(StreamId, NAMES, NAMES)
EVENTS = st.builds(
    StoredEvent,
    stream=STREAMS,
    version=VERSIONS,
    event_id=TEXTS,
    type=TEXTS,
    timestamp=TIMESTAMPS,
    event=st.builds(RawEvent, TEXTS, st.integers(1, 999), st.binary()),
    metadata=st.builds(
        EventMetadata,
        correlation_id=st.none() | TEXTS,
        causation_id=st.none() | TEXTS,
        actor=st.none() | TEXTS,
    ),
    commit_id=TEXTS,
    commit_first=VERSIONS,
    commit_count=st.integers(1, 100),
    is_dispatched=st.booleans(),
)
ANY_TEXTS = st.text(st.sampled_from("a\u00e9\ud800\U0001f4a5"), min_size=1, max_size=4)
"""With halves of surrogate pairs, which are no text."""

NEAR = st.sampled_from([-1, 0, 1, 4])
"""So many bytes more than there is room for."""


def memory_size(*actions: Action) -> int:
    return sum(action.size for action in actions if isinstance(action, MemoryAction))


def requests(*actions: Action) -> list[dict[str, Any]]:
    return [action.request() for action in actions if isinstance(action, ItemAction)]


def refusal(provider: Provider, *stored: StoredEvent | OutboxMessage) -> tuple[Any, ...] | None:
    """What a provider says to one commit of all these: its error, or None."""
    events, outbox = provider.events(), provider.outbox()
    try:
        actions = [
            action
            for each in stored
            for action in (
                events.append([each])
                if isinstance(each, StoredEvent)
                else [outbox.put(each, "commit-1")]
            )
        ]
        provider.transaction("commit-1", actions)
    except (InvalidItem, LimitExceeded) as error:
        return facts(error)
    return None


def size_of(event: StoredEvent) -> int:
    """The bytes of an event's item, by the rules that need no item."""
    return record_size(event_record(event))


def padded(event: StoredEvent, size: int) -> StoredEvent:
    """The event with data and an actor that make it so many bytes large."""
    bare = evolve(
        event,
        event=evolve(raw_of(event), data=b""),
        metadata=evolve(event.metadata, actor=""),
    )
    missing = size - size_of(bare)
    data, actor = b"x" * (missing // 4 * 3), "x" * (missing % 4)
    return evolve(
        bare,
        event=evolve(raw_of(bare), data=data),
        metadata=evolve(bare.metadata, actor=actor),
    )


def padded_message(message: OutboxMessage, size: int) -> OutboxMessage:
    """The message with a payload and a cause that make it so many bytes large."""
    bare = evolve(message, payload=b"", causation_id="")
    missing = size - record_size(message_record(bare, "commit-1"))
    return evolve(bare, payload=b"x" * (missing // 4 * 3), causation_id="x" * (missing % 4))


@given(EVENTS)
def test_record_of_an_event_is_as_large_as_its_item(event: StoredEvent) -> None:
    (request,) = requests(*DYNAMODB.events().append([event]))

    assert size_of(event) == item_size(request["Item"])
    assert request_size(request) == size_of(event) + NEW_ITEM_CONDITION
    assert memory_size(*MEMORY.events().append([event])) == request_size(request)


@given(MESSAGES, st.integers(1, 256))
def test_record_of_a_message_is_as_large_as_its_item(message: OutboxMessage, shards: int) -> None:
    outbox = evolve(DYNAMODB, outbox_shards=shards).outbox()
    (request,) = requests(outbox.put(message, "commit-1"))
    (outstanding,) = request["Item"]["outstanding"].values()
    size = record_size(message_record(message, "commit-1", outstanding))

    assert size == item_size(request["Item"])
    assert request_size(request) == size + NEW_ITEM_CONDITION
    at_most = len("pending#255") - len("pending#0")
    memory = memory_size(MEMORY.outbox().put(message, "commit-1"))
    assert memory <= request_size(request) <= memory + at_most


@given(EVENTS)
def test_record_of_an_event_holds_what_its_item_holds(event: StoredEvent) -> None:
    (request,) = requests(*DYNAMODB.events().append([event]))

    assert as_item(event_record(event)) == request["Item"]


@given(MESSAGES)
def test_record_of_a_message_holds_what_its_item_holds(
    message: OutboxMessage,
) -> None:
    (request,) = requests(DYNAMODB.outbox().put(message, "commit-1"))

    assert as_item(message_record(message, "commit-1")) == request["Item"]


def as_item(record: Record) -> dict[str, Any]:
    """A record in the service's own notation."""
    kinds = {bool: "BOOL", int: "N", str: "S"}
    return {
        name: {kinds[type(value)]: str(value) if type(value) is int else value}
        for name, value in record.items()
    }


@settings(max_examples=5)
@given(EVENTS, NEAR)
def test_both_refuse_the_same_events_as_too_large(event: StoredEvent, more: int) -> None:
    grown = padded(event, MAX_ITEM + more)

    refused = refusal(MEMORY, grown)

    where = f"pk={stream_key(event.stream)}, sk={event.version} of events, mostly eventData"
    too_large = (LimitExceeded, "item size", MAX_ITEM + more, MAX_ITEM, "bytes", where)
    assert refused == (too_large if more > 0 else None)
    assert refusal(DYNAMODB, grown) == refused


@pytest.mark.parametrize("more", [0, 1])
@settings(max_examples=1)
@given(st.lists(EVENTS, min_size=11, max_size=11, unique_by=lambda e: (e.stream, e.version)))
def test_both_refuse_the_same_commits_as_too_large(more: int, events: list[StoredEvent]) -> None:
    """Eleven items of nearly the largest size are more than a transaction takes."""
    first, *others = events
    grown = [padded(event, MAX_BYTES // len(events)) for event in others]
    left = MAX_BYTES + more - memory_size(*MEMORY.events().append(grown))
    grown.insert(0, padded(first, left - NEW_ITEM_CONDITION))

    refused = refusal(MEMORY, *grown)

    too_large = (LimitExceeded, "size of one commit", MAX_BYTES + more, MAX_BYTES, "bytes", "")
    assert refused == (too_large if more > 0 else None)
    assert refusal(DYNAMODB, *grown) == refused


@given(STREAMS, EVENTS, NEAR)
def test_both_refuse_the_same_streams_as_too_long_for_a_key(
    stream: StreamId, event: StoredEvent, more: int
) -> None:
    missing = MAX_HASH_KEY + more - len(stream_key(stream).encode())
    named = evolve(event, stream=StreamId(stream.type, stream.id + "x" * missing))

    refused = refusal(MEMORY, named)

    size = MAX_HASH_KEY + more
    too_long = (LimitExceeded, "key size", size, MAX_HASH_KEY, "bytes", "pk of events")
    assert refused == (too_long if more > 0 else None)
    assert refusal(DYNAMODB, named) == refused


@settings(max_examples=5)
@given(MESSAGES, NEAR)
def test_both_refuse_the_same_messages_as_too_large(message: OutboxMessage, more: int) -> None:
    grown = padded_message(message, MAX_MESSAGE + more)

    refused = refusal(MEMORY, grown)

    where = f"{message.message_id} of {message.ordering_key}"
    too_large = (LimitExceeded, "message size", MAX_MESSAGE + more, MAX_MESSAGE, "bytes", where)
    assert refused == (too_large if more > 0 else None)
    assert refusal(DYNAMODB, grown) == refused


@given(EVENTS, ANY_TEXTS, ANY_TEXTS)
def test_both_refuse_the_same_streams_as_no_text(event: StoredEvent, type_: str, id_: str) -> None:
    named = evolve(event, stream=StreamId(type_, id_))

    refused = refusal(MEMORY, named)

    assert (refused is None) == (is_text(type_) and is_text(id_))
    assert refusal(DYNAMODB, named) == refused


@given(
    MESSAGES,
    st.sampled_from(
        ["message_type", "destination", "aggregate_id", "aggregate_type", "correlation_id"]
    ),
    ANY_TEXTS,
)
def test_both_refuse_the_same_messages_as_no_text(
    message: OutboxMessage, name: str, text: str
) -> None:
    change: dict[str, Any] = {name: text}
    odd = evolve(message, **change)

    refused = refusal(MEMORY, odd)

    assert (refused is None) == is_text(text)
    assert refusal(DYNAMODB, odd) == refused
