"""What SQS and SNS take, and how messages are written for them."""

from __future__ import annotations

import json
import string
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import LimitExceeded
from domain.errors import InvalidValue
from infrastructure.messaging.entries import MAX_MESSAGE
from infrastructure.messaging.text_format import TextFormat
from tests.messaging import bare_message, message

QUEUE = TextFormat("MessageBody", keeps_order=False)
FIFO = TextFormat("MessageBody", keeps_order=True)
TOPIC = TextFormat("Message", keeps_order=False)


def allowed(character: str) -> bool:
    """Whether queues take a character, by the numbers of the Developer Guide."""
    number = ord(character)
    return (
        number in {0x9, 0xA, 0xD}
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or number >= 0x10000
    )


def size_of(request: dict[str, Any]) -> int:
    parts = [request.get("MessageBody") or request["Message"]]
    for name, attribute in request["MessageAttributes"].items():
        parts += [name, attribute["DataType"], attribute["StringValue"]]
    return sum(len(part.encode()) for part in parts)


def test_the_payload_is_the_body_and_all_else_becomes_attributes() -> None:
    request = QUEUE.entry(message()).request
    assert request["MessageBody"] == '{"name":"Ad\u00e9l","number":1}'
    assert {name: a["StringValue"] for name, a in request["MessageAttributes"].items()} == {
        "messageId": "000000000001-000-commit",
        "messageType": "PersonRegistered",
        "orderingKey": "ada",
        "aggregateId": "ada",
        "aggregateType": "Person",
        "correlationId": "request-1",
        "causationId": "event-1",
        "createdAt": "2026-03-01T09:30:15.250000+00:00",
        "headers": '{"aggregateVersion":"1","note":"na\\u00efve"}',
    }


def test_what_a_message_does_not_have_is_left_out() -> None:
    assert set(QUEUE.entry(bare_message()).request["MessageAttributes"]) == {
        "messageId",
        "messageType",
        "orderingKey",
        "createdAt",
    }


def test_a_timestamp_is_written_in_utc() -> None:
    elsewhere = datetime(2026, 3, 1, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    given_attributes = QUEUE.entry(message(created_at=elsewhere)).request["MessageAttributes"]
    assert given_attributes["createdAt"]["StringValue"] == "2026-03-01T09:30:00+00:00"


def test_a_queue_takes_as_many_attributes_as_a_message_has() -> None:
    assert len(QUEUE.entry(message()).request["MessageAttributes"]) <= 10


def test_topics_call_the_body_message() -> None:
    assert TOPIC.entry(message()).request["Message"] == message().payload.decode()


def test_fifo_has_the_ordering_key_as_group_and_the_message_id_for_deduplication() -> None:
    request = FIFO.entry(message(7, "grace")).request
    assert request["MessageGroupId"] == "grace"
    assert request["MessageDeduplicationId"] == "000000000007-000-commit"


def test_without_fifo_there_is_neither() -> None:
    assert set(QUEUE.entry(message()).request) == {"MessageBody", "MessageAttributes"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payload": b""}, "payload"),
        ({"payload": b"\xff"}, "payload"),
        ({"payload": b"a\x00b"}, "payload"),
        ({"payload": "\ufffe".encode()}, "payload"),
        ({"payload": "\ud800".encode("utf-8", "surrogatepass")}, "payload"),
        ({"message_id": ""}, "message_id"),
        ({"message_type": ""}, "message_type"),
        ({"message_type": "a\x00"}, "message_type"),
        ({"ordering_key": ""}, "ordering_key"),
        ({"ordering_key": "a\x1f"}, "ordering_key"),
        ({"aggregate_id": ""}, "aggregate_id"),
        ({"aggregate_type": "\uffff"}, "aggregate_type"),
        ({"correlation_id": ""}, "correlation_id"),
        ({"causation_id": "\ud800"}, "causation_id"),
        ({"headers": {"a": "\udfff"}}, "headers"),
        ({"headers": {"\ud800": "a"}}, "headers"),
    ],
)
@pytest.mark.parametrize("written", [QUEUE, FIFO, TOPIC])
def test_what_no_queue_takes_is_refused(
    changes: dict[str, Any], field: str, written: TextFormat
) -> None:
    with pytest.raises(InvalidValue) as refused:
        written.entry(message(**changes))
    assert refused.value.field == field


def test_a_header_may_be_empty_and_have_any_character() -> None:
    request = QUEUE.entry(message(headers={"": "", "a": "\x00\ufffe"})).request
    text = request["MessageAttributes"]["headers"]["StringValue"]
    assert json.loads(text) == {"": "", "a": "\x00\ufffe"}
    assert all(allowed(character) for character in text)


@given(st.text(min_size=1).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_payload_is_taken_exactly_if_queues_allow_its_characters(payload: bytes) -> None:
    if all(map(allowed, payload.decode("utf-8", "surrogatepass"))):
        assert QUEUE.entry(message(payload=payload)).request["MessageBody"].encode() == payload
    else:
        with pytest.raises(InvalidValue, match=r"^payload: "):
            QUEUE.entry(message(payload=payload))


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_an_aggregate_id_is_taken_exactly_if_queues_allow_its_characters(text: str) -> None:
    if all(map(allowed, text)):
        given_id = QUEUE.entry(message(aggregate_id=text)).request["MessageAttributes"]
        assert given_id["aggregateId"]["StringValue"] == text
    else:
        with pytest.raises(InvalidValue, match=r"^aggregate_id: has U"):
            QUEUE.entry(message(aggregate_id=text))


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
)
def test_the_size_is_that_of_body_and_attributes(headers: dict[str, str]) -> None:
    entry = QUEUE.entry(message(headers=headers, aggregate_id="n\u00e9e"))
    assert entry.size == size_of(dict(entry.request))


@pytest.mark.parametrize("written", [QUEUE, FIFO, TOPIC])
def test_a_message_has_at_most_262_144_bytes(written: TextFormat) -> None:
    room = MAX_MESSAGE - written.entry(message(payload=b"x")).size + 1
    assert written.entry(message(payload=b"x" * room)).size == 262_144
    with pytest.raises(LimitExceeded) as refused:
        written.entry(message(payload=b"x" * (room + 1)))
    assert str(refused.value) == (
        "message size (PersonRegistered 000000000001-000-commit for people): "
        "262145 bytes, at most 262144"
    )


def test_a_large_header_counts() -> None:
    with pytest.raises(LimitExceeded):
        QUEUE.entry(message(headers={"large": "x" * MAX_MESSAGE}))


ALL_SIGNS = string.ascii_letters + string.digits + string.punctuation


@pytest.mark.parametrize("text", ["x", "x" * 128, ALL_SIGNS[:64], ALL_SIGNS[64:]])
def test_fifo_takes_letters_digits_and_signs(text: str) -> None:
    request = FIFO.entry(message(ordering_key=text, message_id=text)).request
    assert request["MessageGroupId"] == request["MessageDeduplicationId"] == text


@pytest.mark.parametrize("text", ["x" * 129, "a b", " ", "\u00e9", "a\n", "\x7f", "a\tb"])
@pytest.mark.parametrize("field", ["ordering_key", "message_id"])
def test_fifo_refuses_other_ids(field: str, text: str) -> None:
    changes: dict[str, Any] = {field: text}
    with pytest.raises(InvalidValue) as refused:
        FIFO.entry(message(**changes))
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["x" * 129, "a b", "\u00e9"])
def test_without_fifo_they_are_taken(text: str) -> None:
    QUEUE.entry(message(ordering_key=text, message_id=text))


def test_a_size_does_not_show_what_is_in_a_message() -> None:
    assert "Ad" not in repr(QUEUE.entry(message()))
