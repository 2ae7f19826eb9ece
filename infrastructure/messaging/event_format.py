"""How EventBridge has messages written: an event whose detail is JSON."""

from __future__ import annotations

import json

from attrs import field, frozen
from typing_extensions import override

from application.ports.outbox import OutboxMessage
from domain.errors import InvalidValue
from infrastructure.messaging.entries import (
    MAX_MESSAGE,
    Entry,
    EntryFormat,
    check_size,
    check_texts,
    compact_json,
    metadata,
)

SOURCE = "dynastrata."
"""An event's source is this and the name of its destination. Rules name it: never change it."""

MAX_ENTRY = MAX_MESSAGE - 1
"""Bytes of an entry, and of all entries of a request: less than 256 KB.

Source: "Calculating PutEvents event entry size", EventBridge User Guide. Of late it may be 1 MB.
"""

_MAX_TYPE = 128  # characters: `DetailType` in the API reference of PutEvents
_TIME_SIZE = 14  # bytes, whatever it is; same source as the limit
_WHOLE_NUMBERS = range(-(2**63), 2**63)


@frozen
class EventFormat(EntryFormat):
    """The payload, a JSON object, is `data` in the detail of an event; all else is `metadata`.

    `bus` is the name or ARN of the event bus. An event has its time in whole seconds; `createdAt`
    in the metadata is exact.
    """

    bus: str
    keeps_order: bool = field(default=False, init=False)

    @override
    def entry(self, message: OutboxMessage) -> Entry:
        """See `EntryFormat`.

        Refused are a payload that is no JSON object, or has whole numbers of more than 64 bits, a
        message type of more than 128 characters, empty texts, and 262,144 bytes or more.
        """
        check_texts(message)
        _check_type(message.message_type)
        source, detail = SOURCE + message.destination, _detail(message)
        size = sum(len(text.encode()) for text in (source, message.message_type, detail))
        check_size(message, size + _TIME_SIZE, MAX_ENTRY)
        request = {
            "EventBusName": self.bus,
            "Source": source,
            "DetailType": message.message_type,
            "Detail": detail,
            "Time": message.created_at,
        }
        return Entry(request, size + _TIME_SIZE)


def _check_type(message_type: str) -> None:
    if len(message_type) > _MAX_TYPE:
        raise InvalidValue("message_type", f"must have at most {_MAX_TYPE} characters")


def _detail(message: OutboxMessage) -> str:
    beside: dict[str, object] = {**metadata(message)}
    if message.headers:
        beside["headers"] = dict(message.headers)
    # The payload goes in as it is: numbers, for one, come through as they were written.
    return f'{{"metadata":{compact_json(beside)},"data":{_json_object(message.payload)}}}'


def _json_object(payload: bytes) -> str:
    try:
        text = payload.decode()
        value = json.loads(text, parse_int=_whole_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("payload", f"must be a JSON object in UTF-8 ({error})") from error
    if not isinstance(value, dict):
        raise InvalidValue("payload", "must be a JSON object, not another JSON value")
    return text


def _whole_number(digits: str) -> int:
    number = int(digits)
    if number not in _WHOLE_NUMBERS:
        raise ValueError("a whole number has more than 64 bits")
    return number


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
