"""The answers of DynamoDB to requests for data, decoded and checked in one step.

What an answer has beside these members is left out. Source: Amazon DynamoDB API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict
from zlib import crc32

import msgspec

from infrastructure.dynamodb.gateway.errors import BrokenAnswer


class AttributeValue(TypedDict, total=False):
    """One of these. Binary values come as bytes."""

    S: str
    N: str
    B: bytes
    SS: list[str]
    NS: list[str]
    BS: list[bytes]
    M: dict[str, AttributeValue]
    L: list[AttributeValue]
    BOOL: bool
    NULL: bool


_Item = dict[str, AttributeValue]


class _Capacity(TypedDict, total=False):
    TableName: str
    CapacityUnits: float
    ReadCapacityUnits: float
    WriteCapacityUnits: float


class _Read(TypedDict, total=False):
    Item: _Item
    ConsumedCapacity: _Capacity


class _Page(TypedDict, total=False):
    Items: list[_Item]
    Count: int
    ScannedCount: int
    LastEvaluatedKey: _Item
    ConsumedCapacity: _Capacity


class _Written(TypedDict, total=False):
    Attributes: _Item
    ConsumedCapacity: _Capacity


class _Keys(TypedDict, total=False):
    Keys: Required[list[_Item]]
    ConsistentRead: bool
    ProjectionExpression: str
    ExpressionAttributeNames: dict[str, str]


class _BatchRead(TypedDict, total=False):
    Responses: dict[str, list[_Item]]
    UnprocessedKeys: dict[str, _Keys]
    ConsumedCapacity: list[_Capacity]


class _Put(TypedDict):
    Item: _Item


class _Delete(TypedDict):
    Key: _Item


class _Write(TypedDict, total=False):
    PutRequest: _Put
    DeleteRequest: _Delete


class _BatchWritten(TypedDict, total=False):
    UnprocessedItems: dict[str, list[_Write]]
    ConsumedCapacity: list[_Capacity]


class _Committed(TypedDict, total=False):
    ConsumedCapacity: list[_Capacity]


class _Reason(TypedDict, total=False):
    Code: str
    Message: str | None
    Item: _Item


class _ThrottlingReason(TypedDict, total=False):
    reason: str
    resource: str


class _Refusal(TypedDict, total=False):
    # Two spellings, by the part of the service that refuses.
    message: str | None
    Message: str | None
    Item: _Item
    CancellationReasons: list[_Reason]
    ThrottlingReasons: list[_ThrottlingReason]


_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    "GetItem": msgspec.json.Decoder(_Read),
    "BatchGetItem": msgspec.json.Decoder(_BatchRead),
    "Query": msgspec.json.Decoder(_Page),
    "Scan": msgspec.json.Decoder(_Page),
    "PutItem": msgspec.json.Decoder(_Written),
    "UpdateItem": msgspec.json.Decoder(_Written),
    "DeleteItem": msgspec.json.Decoder(_Written),
    "TransactWriteItems": msgspec.json.Decoder(_Committed),
    "BatchWriteItem": msgspec.json.Decoder(_BatchWritten),
}
OPERATIONS = frozenset(_DECODERS)
"""The operations on data that are used here."""

_REFUSAL = msgspec.json.Decoder(_Refusal)
_TYPE = msgspec.json.Decoder(dict[str, Any])


def check_whole(body: bytes, headers: Mapping[str, str]) -> None:
    """Raises `BrokenAnswer` where this is not all that was sent, or was changed on its way."""
    if headers.get("content-length", str(len(body))) != str(len(body)):
        raise BrokenAnswer(what="is not as long as it says")
    if headers.get("x-amz-crc32", str(crc32(body))) != str(crc32(body)):
        raise BrokenAnswer(what="does not fit its checksum")


def check_members(operation: str, answer: Mapping[str, Any]) -> None:
    """Raises `BrokenAnswer` for an answer without what was asked for: it is not the service's.

    The gateway always asks what was consumed. MiniStack leaves that out for one operation, whose
    answers have another member that is always there.
    """
    member = "Responses" if operation == "BatchGetItem" else "ConsumedCapacity"
    if member not in answer:
        raise BrokenAnswer(what=f"has no {member}")


def decode_answer(operation: str, body: bytes) -> Mapping[str, Any]:
    """The answer to one of `OPERATIONS`. Raises `BrokenAnswer` where it has not its shape."""
    answer: Mapping[str, Any] = _decode(_DECODERS[operation], body)
    return answer


def decode_refusal(body: bytes, status: int) -> Mapping[str, Any]:
    """An error as the SDK tells it: `Error`, whose code is the status if need be, and the rest.

    Raises `BrokenAnswer` where it is not a JSON object of the shape of an error.
    """
    code = _decode(_TYPE, body).get("__type", status)
    refusal = _decode(_REFUSAL, body)
    message = refusal.pop("message", None) or refusal.pop("Message", None) or ""
    told = {"Code": str(code).rpartition("#")[2].partition(":")[0], "Message": message}
    return {**refusal, "Error": told}


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BrokenAnswer(what="has not the shape that it must have") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BrokenAnswer(what="is no JSON") from error
