"""Keys of source rows as JSON, from which the same values can be read again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from infrastructure.migration.tasks import KeyValues

_MICROSECOND = timedelta(microseconds=1)


def keys_to_json(key: KeyValues | None) -> list[object] | None:
    """The values of a key, each as JSON has it or as `{type: text}`. Stored in checkpoints."""
    return None if key is None else [_to_json(value) for value in key]


def keys_from_json(content: Any) -> KeyValues | None:
    """What `keys_to_json` was given. Raises `ValueError`, `TypeError`, `KeyError` for others."""
    if content is None:
        return None
    if not isinstance(content, list):
        raise TypeError(f"{content!r} is no key")
    return tuple(_from_json(value) for value in content)


def _to_json(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case bytes():
            return {"bytes": b64encode(value).decode()}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case timedelta():
            return {"microseconds": value // _MICROSECOND}
    raise TypeError(f"a key cannot have a value of type {type(value).__name__}")


def _from_json(content: Any) -> object:
    if not isinstance(content, dict):
        return content
    [(kind, value)] = content.items()
    return _READ[kind](value)


_READ: Mapping[str, Callable[[Any], object]] = {
    "decimal": Decimal,
    "bytes": b64decode,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "microseconds": lambda count: timedelta(microseconds=count),
}
