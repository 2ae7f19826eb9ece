"""Copies of records: nobody changes one by another. What nobody can change is shared."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from datetime import datetime
from enum import Enum
from functools import cache
from operator import is_
from types import NoneType
from typing import Any, TypeVar, cast

from attrs import fields, frozen

T = TypeVar("T")

_UNCHANGEABLE = frozenset({str, int, float, bool, bytes, NoneType, datetime})


@frozen
class _Frozen:
    pass


_REFUSE: Any = _Frozen.__setattr__
"""How attrs keeps objects as they are."""


def copy_of(value: T) -> T:
    """As `deepcopy`, in a fraction of the time for data as records hold it."""
    return cast(T, _copy(value))


def _copy(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _UNCHANGEABLE:
        return value
    if kind is dict:
        return {key: _copy(each) for key, each in value.items()}
    if kind is list:
        return [_copy(each) for each in value]
    if kind is tuple or kind is frozenset:
        copies = [_copy(each) for each in value]
        return value if all(map(is_, copies, value)) else kind(copies)
    names = _names_of(kind)
    return deepcopy(value) if names is None else _copy_of_frozen(value, names)


def _copy_of_frozen(value: Any, names: Sequence[str]) -> Any:
    """The object itself, where none of what it holds can be changed."""
    made = value
    for name in names:
        held = getattr(value, name)
        copied = _copy(held)
        if copied is not held:
            made = copy(value) if made is value else made
            object.__setattr__(made, name, copied)
    return made


@cache
def _names_of(kind: Any) -> Sequence[str] | None:
    """The attributes of objects that keep the ones they have; None for all other classes."""
    if issubclass(kind, Enum):
        return ()
    is_frozen = "__attrs_attrs__" in vars(kind) and kind.__setattr__ is _REFUSE
    return [each.name for each in fields(kind)] if is_frozen else None
