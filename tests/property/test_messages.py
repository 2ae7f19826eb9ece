"""Every message survives the way to the wire and back, and the way through memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given, settings
from hypothesis import strategies as st

from application.ports.outbox import MessageKey, OutboxMessage, StoredMessage
from application.ports.relay_queue import Busy
from infrastructure.dynamodb.items import Item, check_item
from infrastructure.dynamodb.mappers.outbox import to_busy, to_stored
from infrastructure.dynamodb.mappers.timestamps import milliseconds
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.memory.provider import MemoryProvider
from infrastructure.outbox.table import HEAD
from tests.items import message_model
from tests.outboxes import message, outbox_of
from tests.stores import Store
from tests.wire import OFFSETS, TEXTS, over_the_wire

# Far enough from both ends of time that any offset can be taken off.
TIMESTAMPS = st.datetimes(timezones=st.just(UTC) | OFFSETS).filter(lambda at: 1 < at.year < 9999)
KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.isprintable)
IDS = KEYS.filter(lambda text: text[0] > HEAD[0])
MESSAGES = st.builds(
    OutboxMessage,
    message_type=TEXTS,
    destination=TEXTS,
    ordering_key=KEYS,
    payload=st.binary(),
    created_at=TIMESTAMPS,
    message_id=IDS,
    headers=st.dictionaries(TEXTS, TEXTS),
    aggregate_id=st.none() | TEXTS,
    aggregate_type=st.none() | TEXTS,
    correlation_id=st.none() | TEXTS,
    causation_id=st.none() | TEXTS,
)
FEW_KEYS = st.builds(
    MessageKey,
    ordering_key=st.sampled_from(["a", "ab", "b"]),
    message_id=st.text("#1é~\uff5e\U0001f4a5", min_size=1, max_size=2),
)
EMPTY = message(
    payload=b"", message_type="", headers={"": ""}, aggregate_id="", correlation_id="\x00"
)


def item_for(added: OutboxMessage) -> Item:
    """The item as the transaction hands it to the client."""
    model = message_model(added, outstanding="pending#0", commit_id="commit-1")
    return item_of(model)


@given(MESSAGES)
@example(EMPTY)
def test_message_is_read_back_from_its_item_as_it_was_added(added: OutboxMessage) -> None:
    item = item_for(added)
    check_item("outbox", {"pk": item["pk"], "sk": item["sk"]}, item)

    assert to_stored(over_the_wire(item)) == StoredMessage(message=added)


@settings(max_examples=30)
@given(MESSAGES)
@example(EMPTY)
def test_message_is_read_back_from_memory_as_it_was_added(added: OutboxMessage) -> None:
    outbox = outbox_of(Store("memory", MemoryProvider()))

    found = outbox.get(outbox.add(added).value).value

    assert found == StoredMessage(message=added)
    assert outbox.get_pending(added.ordering_key, 2).value == [found]


@given(st.lists(FEW_KEYS, max_size=6), st.lists(FEW_KEYS, max_size=6))
def test_messages_are_read_back_in_the_order_of_their_bytes(
    first: list[MessageKey], second: list[MessageKey]
) -> None:
    """The first of those that share a key is kept, and order is that of UTF-8."""
    outbox = outbox_of(Store("memory", MemoryProvider()))
    for number, added in enumerate((first, [*second, *first])):
        outbox.add_many(
            message(key.message_id, key.ordering_key, payload=b"%d" % number) for key in added
        )

    kept = dict.fromkeys(second, b"1") | dict.fromkeys(first, b"0")
    for ordering_key in {key.ordering_key for key in kept}:
        ids = [key.message_id for key in kept if key.ordering_key == ordering_key]
        found = outbox.get_pending(ordering_key, 99).value
        assert [each.key.message_id for each in found] == sorted(ids, key=str.encode)
        assert all(kept[each.key] == each.message.payload for each in found)


@given(st.integers(0, 10**14))
def test_timestamp_in_whole_milliseconds_is_stored_as_it_is(number: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-7)))

    assert milliseconds(elsewhere) == number
    held = {"leaseUntil": {"N": str(number)}}
    assert to_busy(held, datetime(1970, 1, 1, tzinfo=UTC)) == Busy(moment)
