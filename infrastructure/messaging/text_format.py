"""How SQS and SNS have messages written: a text, and attributes beside it."""

from __future__ import annotations

import re
from typing import Any, Literal

from attrs import frozen
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
    texts,
)

_FORBIDDEN = re.compile(
    # "Amazon SQS message quotas", Developer Guide: all others are allowed, in attributes as well.
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_FIFO_ID = re.compile("[!-~]{1,128}")
_STRING = "String"


@frozen
class TextFormat(EntryFormat):
    """The payload is the body, `body` its name in the request; all else becomes attributes.

    With `keeps_order`, as FIFO queues and topics do, the ordering key is the message group, and
    the message id the deduplication id. Without, an entry has neither.

    Messages have at most nine attributes. Ten is what a queue takes, also from a topic that
    delivers raw messages.
    """

    body: Literal["MessageBody", "Message"]
    keeps_order: bool

    @override
    def entry(self, message: OutboxMessage) -> Entry:
        """See `EntryFormat`.

        Refused are a payload that is empty or no text of the characters that queues take, other
        texts of the message that are so, more than 262,144 bytes of body and attributes, and,
        with `keeps_order`, ids that are not 1 to 128 visible characters of ASCII.
        """
        check_texts(message)
        for field, text in texts(message):
            _check_characters(field, text)
        body = _body(message.payload)
        attributes = _attributes(message)
        size = _bytes(body) + sum(_bytes(n) + _bytes(_STRING) + _bytes(t) for n, t in attributes)
        check_size(message, size, MAX_MESSAGE)
        request: dict[str, Any] = {
            self.body: body,
            "MessageAttributes": {
                name: {"DataType": _STRING, "StringValue": text} for name, text in attributes
            },
        }
        return Entry(request | (_fifo_ids(message) if self.keeps_order else {}), size)


def _attributes(message: OutboxMessage) -> list[tuple[str, str]]:
    attributes = list(metadata(message).items())
    if message.headers:
        # As ASCII, because a header may have characters that queues do not take.
        attributes.append(("headers", compact_json(dict(message.headers), ascii_only=True)))
    return attributes


def _body(payload: bytes) -> str:
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue("payload", "must be text in UTF-8") from error
    if not text:
        raise InvalidValue("payload", "must not be empty")
    _check_characters("payload", text)
    return text


def _check_characters(field: str, text: str) -> None:
    if found := _FORBIDDEN.search(text):
        raise InvalidValue(field, f"has U+{ord(found[0]):04X}, which queues do not take")


def _fifo_ids(message: OutboxMessage) -> dict[str, str]:
    return {
        "MessageGroupId": _fifo_id("ordering_key", message.ordering_key),
        "MessageDeduplicationId": _fifo_id("message_id", message.message_id or ""),
    }


def _fifo_id(field: str, text: str) -> str:
    if not _FIFO_ID.fullmatch(text):
        raise InvalidValue(field, "must be 1 to 128 visible characters of ASCII, no space")
    return text


def _bytes(text: str) -> int:
    return len(text.encode())
