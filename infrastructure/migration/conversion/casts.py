"""From what the driver gave to the type that the contract asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.contract import AttributeType
from infrastructure.migration.conversion import json_text
from infrastructure.migration.conversion.numbers import number_of, number_text
from infrastructure.migration.conversion.texts import storable, text_of
from infrastructure.migration.conversion.typed import set_of, typed
from infrastructure.migration.rows import ZeroDate
from infrastructure.migration.unfit import Unfit, shown

Cast = Callable[[object], Typed | None]
"""Takes a value that is not None; gives None for an empty set. Raises `Unfit`."""

_TRUTHS: Mapping[object, bool] = {
    **dict.fromkeys((0, "0", b"\x00", "false"), False),
    **dict.fromkeys((1, "1", b"\x01", "true"), True),
}


def cast(kind: AttributeType) -> Cast:
    """How a value becomes one of this type."""
    return _CASTS[kind]


def _to_text(value: object) -> Typed:
    return {"S": text_of(value)}


def _to_number(value: object) -> Typed:
    if isinstance(value, ZeroDate):
        raise Unfit(f"is a zero date, {value}")
    return {"N": number_text(number_of(value))}


def _to_binary(value: object) -> Typed:
    if isinstance(value, bytes | bytearray):
        return {"B": bytes(value)}
    if isinstance(value, str):
        return {"B": text_of(value).encode()}
    raise Unfit(f"is {type(value).__name__}, not binary")


def _to_truth(value: object) -> Typed:
    found = value.lower() if isinstance(value, str) else value
    if isinstance(found, int | Decimal | str | bytes) and found in _TRUTHS:
        return {"BOOL": _TRUTHS[found]}
    raise Unfit(f"is neither true nor false: {shown(value)}")


def _to_null(value: object) -> Typed:
    raise Unfit(f"is not NULL: {shown(value)}")


def _to_document(kind: str) -> Cast:
    named = {"M": "object", "L": "array"}[kind]

    def convert(value: object) -> Typed:
        found = typed(json_text.parse(_json(value)))
        if kind not in found:
            raise Unfit(f"is no JSON {named}: {shown(value)}")
        return found

    return convert


def _to_set(kind: str) -> Cast:
    def convert(value: object) -> Typed | None:
        return set_of(kind, map(_MEMBERS[kind], _members(value)))

    return convert


def _members(value: object) -> list[object]:
    """The members of a SET column, or of a JSON array."""
    if isinstance(value, set | frozenset):
        return list(value)
    text = _json(value)
    if not text.startswith("["):
        return list(text.split(",")) if text else []
    found = json_text.parse(text)
    assert isinstance(found, list)  # noqa: S101 for mypy: it begins with a bracket
    return found


def _text_member(member: object) -> str:
    if not isinstance(member, str):
        raise Unfit(f"holds {shown(member)}, which is no text")
    return storable(member)


def _number_member(member: object) -> str:
    if isinstance(member, bool):
        raise Unfit(f"holds {member}, which is no number")
    return number_text(number_of(member))


def _binary_member(member: object) -> bytes:
    return _text_member(member).encode()


def _json(value: object) -> str:
    if isinstance(value, ZeroDate) or not isinstance(value, str | bytes):
        raise Unfit(f"is {type(value).__name__}, not text")
    return text_of(value)


_MEMBERS: Mapping[str, Callable[[object], object]] = {
    "SS": _text_member,
    "NS": _number_member,
    "BS": _binary_member,
}

_CASTS: Mapping[AttributeType, Cast] = {
    "S": _to_text,
    "N": _to_number,
    "B": _to_binary,
    "BOOL": _to_truth,
    "NULL": _to_null,
    "M": _to_document("M"),
    "L": _to_document("L"),
    "SS": _to_set("SS"),
    "NS": _to_set("NS"),
    "BS": _to_set("BS"),
}
