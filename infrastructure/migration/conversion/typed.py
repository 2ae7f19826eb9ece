"""Between Python values and the service's own notation, nothing lost either way."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.conversion.numbers import number_text, python_number
from infrastructure.migration.conversion.texts import storable
from infrastructure.migration.unfit import Unfit

Value = str | int | Decimal | bytes | bool | None | list[Any] | dict[str, Any] | frozenset[Any]
"""One value of a record: sets are frozensets, numbers `int` or `Decimal`."""

MAX_DEPTH = 32
"""Levels of one attribute, what is innermost included. Source: Developer Guide, "Quotas"."""


def typed(value: object, depth: int = 0) -> Typed:
    """A Python value as the service takes it, its type told from the value's.

    Raises `Unfit` for a float, an empty or mixed set, and what else cannot be stored.
    """
    if depth >= MAX_DEPTH:
        raise Unfit(f"is nested deeper than {MAX_DEPTH} levels")
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": storable(str(value))}
        case int() | Decimal():
            return {"N": number_text(value)}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [typed(member, depth + 1) for member in value]}
        case dict():
            return {"M": {_name(k): typed(member, depth + 1) for k, member in value.items()}}
        case frozenset():
            return _set(value)
        case _:
            raise Unfit(f"is {type(value).__name__}, which cannot be stored as it is")


def python(value: Typed) -> Value:
    """What a stored value says."""
    [(kind, content)] = value.items()
    match kind:
        case "N":
            return python_number(content)
        case "NULL":
            return None
        case "L":
            return [python(member) for member in content]
        case "M":
            return {name: python(member) for name, member in content.items()}
        case "SS" | "BS":
            return frozenset(content)
        case "NS":
            return frozenset(map(python_number, content))
        case _:
            held: Value = content
            return held


def set_of(kind: str, members: Iterable[Any]) -> Typed | None:
    """A set (`SS`, `NS` or `BS`) of stored members, in order; None for an empty one.

    Raises `Unfit` where a member comes twice: one of them would be dropped.
    """
    found = sorted(members)
    if not found:
        return None
    for one, other in pairwise(found):
        if one == other:
            raise Unfit(f"holds {one!r} twice, which no set can")
    return {kind: found}


def _set(value: frozenset[Any]) -> Typed:
    kinds = {next(iter(typed(member))) for member in value}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise Unfit("is a set of no members, or not of texts, numbers or bytes alone")
    [kind] = kinds
    stored = set_of(f"{kind}S", (typed(member)[kind] for member in value))
    assert stored is not None  # noqa: S101 for mypy: it has members
    return stored


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise Unfit(f"has the name {name!r}, which is no text")
    return storable(name)
