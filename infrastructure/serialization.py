"""The one converter: between domain objects and plain data (dicts, lists, text, numbers)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from attrs import Attribute, fields, has, resolve_types
from cattrs import Converter
from cattrs.preconf.json import make_converter


def is_single_value(cls: Any) -> bool:
    """Whether a class wraps one value, as `Email` does: it is stored as that value alone."""
    return isinstance(cls, type) and has(cls) and [a.name for a in fields(cls)] == ["value"]


def _unwrap(cls: type[Any]) -> Callable[[Any], Any]:
    value_type = fields(resolve_types(cls)).value.type
    return lambda wrapper: CONVERTER.unstructure(wrapper.value, unstructure_as=value_type)


def _wrap(cls: type[Any]) -> Callable[[Any, Any], Any]:
    value_type = fields(resolve_types(cls)).value.type
    return lambda stored, _: cls(CONVERTER.structure(stored, value_type))


def _strict(kind: type[Any]) -> Callable[[Any, Any], Any]:
    """Takes values of this type as they are: what is stored is not bent until it fits."""

    def structure(value: Any, _: Any) -> Any:
        # A bool is an int to Python; a whole number is stored as one also where floats may be.
        if type(value) is kind or (kind is float and type(value) is int):
            return kind(value)
        raise TypeError(f"expected {kind.__name__}, not {type(value).__name__}")

    return structure


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot be stored")
    return number


def _make() -> Converter:
    converter = make_converter()
    for kind in (str, int, bool, float):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_unstructure_hook(float, _finite)
    converter.register_unstructure_hook_factory(is_single_value, _unwrap)
    converter.register_structure_hook_factory(is_single_value, _wrap)
    return converter


CONVERTER = _make()
"""Times become ISO 8601 text, enums their values, nested attrs classes dicts.

Rebuilding calls constructors, never parsers: rules that came later do not drop stored data.
"""


def json_decoder(cls: type[Any]) -> Callable[[bytes], Any] | None:
    """Reads JSON as `CONVERTER` does, ten times as fast; None for a class that it cannot read.

    It raises `ValueError` for more than `CONVERTER` does, and says less: ask that one then.
    """
    return msgspec.json.Decoder(cls).decode if _is_read_alike(cls) else None


_ALIKE = (str, int, bool, float, datetime, NoneType)


def _is_read_alike(kind: Any) -> bool:
    """Whether msgspec makes of JSON what `CONVERTER` makes of it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):  # msgspec tells members of a union apart by rules of its own
        others = [each for each in arguments if each is not NoneType]
        return len(others) == 1 and _is_read_alike(others[0])
    if origin is list or (origin is tuple and arguments[-1:] == (...,)):
        return _is_read_alike(arguments[0])
    if isinstance(kind, type) and has(kind) and not is_single_value(kind):
        return all(map(_is_plain, fields(resolve_types(kind))))
    return kind in _ALIKE or (isinstance(kind, type) and issubclass(kind, Enum))


def _is_plain(field: Attribute[Any]) -> bool:
    # msgspec sets the fields itself: no constructor converts or validates.
    is_set_alike = field.init and field.alias == field.name
    return (
        is_set_alike
        and field.converter is None
        and field.validator is None
        and _is_read_alike(field.type)
    )
