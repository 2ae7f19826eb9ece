"""The one converter: between domain objects and plain data (dicts, lists, text, numbers)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from attrs import fields, has, resolve_types
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
