"""What EventBridge takes, and how messages are written for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import LimitExceeded
from domain.errors import InvalidValue
from infrastructure.messaging.event_format import MAX_ENTRY, EventFormat
from tests.messaging import CREATED, bare_message, message

BUS = EventFormat("the-bus")
TEXTS = st.text(st.characters(codec="utf-8"))
WHOLE_NUMBERS = st.integers(-(2**63), 2**63 - 1)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | WHOLE_NUMBERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=10,
)


def detail(**changes: Any) -> dict[str, Any]:
    given_detail: dict[str, Any] = json.loads(BUS.entry(message(**changes)).request["Detail"])
    return given_detail


def size_of(request: dict[str, Any]) -> int:
    return 14 + sum(len(request[name].encode()) for name in ("Source", "DetailType", "Detail"))


def test_the_payload_is_data_and_all_else_becomes_metadata() -> None:
    assert detail() == {
        "metadata": {
            "messageId": "000000000001-000-commit",
            "messageType": "PersonRegistered",
            "orderingKey": "ada",
            "aggregateId": "ada",
            "aggregateType": "Person",
            "correlationId": "request-1",
            "causationId": "event-1",
            "createdAt": "2026-03-01T09:30:15.250000+00:00",
            "headers": {"aggregateVersion": "1", "note": "na\u00efve"},
        },
        "data": {"name": "Ad\u00e9l", "number": 1},
    }


def test_what_a_message_does_not_have_is_left_out() -> None:
    written = json.loads(BUS.entry(bare_message()).request["Detail"])
    assert set(written["metadata"]) == {"messageId", "messageType", "orderingKey", "createdAt"}


def test_rules_can_match_the_destination_and_the_type() -> None:
    request = BUS.entry(message()).request
    assert {name: request[name] for name in request if name != "Detail"} == {
        "EventBusName": "the-bus",
        "Source": "dynastrata.people",
        "DetailType": "PersonRegistered",
        "Time": CREATED,
    }


def test_the_payload_goes_in_as_it_was_written() -> None:
    payload = b'{ "price": 1.10, "big": 9223372036854775807, "price": 2.50 }'
    assert (
        BUS.entry(message(payload=payload))
        .request["Detail"]
        .endswith(f'"data":{payload.decode()}}}')
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payload": b""}, "payload"),
        ({"payload": b"[]"}, "payload"),
        ({"payload": b'"text"'}, "payload"),
        ({"payload": b"1"}, "payload"),
        ({"payload": b"null"}, "payload"),
        ({"payload": b"{"}, "payload"),
        ({"payload": b"{} {}"}, "payload"),
        ({"payload": b'{"a":"\xff"}'}, "payload"),
        ({"payload": b'\xef\xbb\xbf{"a":1}'}, "payload"),
        ({"payload": b'{"a":NaN}'}, "payload"),
        ({"payload": b'{"a":-Infinity}'}, "payload"),
        ({"payload": b'{"a":9223372036854775808}'}, "payload"),
        ({"payload": b'{"a":-9223372036854775809}'}, "payload"),
        ({"payload": b'{"a":%s}' % (b"1" * 5_000)}, "payload"),
        ({"payload": b'{"a":' + b"[" * 100_000}, "payload"),
        ({"message_type": ""}, "message_type"),
        ({"message_type": "x" * 129}, "message_type"),
        ({"message_type": "\ud800"}, "message_type"),
        ({"message_id": ""}, "message_id"),
        ({"aggregate_id": ""}, "aggregate_id"),
        ({"headers": {"a": "\ud800"}}, "headers"),
    ],
)
def test_what_event_buses_do_not_take_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        BUS.entry(message(**changes))
    assert refused.value.field == field


def test_a_refusal_does_not_quote_the_payload() -> None:
    with pytest.raises(InvalidValue) as refused:
        BUS.entry(message(payload=b'{"name": a-secret}'))
    assert "secret" not in str(refused.value)


def test_a_type_may_have_128_characters() -> None:
    assert BUS.entry(message(message_type="\u00e9" * 128)).request["DetailType"] == "\u00e9" * 128


@given(st.dictionaries(TEXTS, JSON))
def test_every_json_object_comes_through(value: dict[str, Any]) -> None:
    assert detail(payload=json.dumps(value).encode())["data"] == value


@given(st.dictionaries(TEXTS, TEXTS))
def test_the_size_is_that_of_source_type_detail_and_time(headers: dict[str, str]) -> None:
    entry = BUS.entry(message(headers=headers, message_type="Genre\u00e9"))
    assert entry.size == size_of(dict(entry.request))


def test_an_entry_has_less_than_262_144_bytes() -> None:
    frame = b'{"a":"%s"}'
    room = MAX_ENTRY - BUS.entry(message(payload=frame % b"")).size
    assert BUS.entry(message(payload=frame % (b"x" * room))).size == 262_143
    with pytest.raises(LimitExceeded) as refused:
        BUS.entry(message(payload=frame % (b"x" * (room + 1))))
    assert (refused.value.actual, refused.value.allowed) == (262_144, 262_143)
