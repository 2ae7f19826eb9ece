"""What is not as the source says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from infrastructure.dynamodb.items import Item, Value


class Kind(StrEnum):
    """What is wrong with an item, or with a claim."""

    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"
    UNCLAIMED = "unclaimed"
    STRAY_CLAIM = "stray claim"


@frozen
class Difference:
    """An item that is not as the source says. `key` is its row's, or its own where it has none.

    `place` is the key of the item, `claim` that of the claim which it should hold or should not.
    `reason` tells why it could not be repaired, where that was asked for.
    """

    kind: Kind
    table: str
    key: str
    attributes: tuple[str, ...] = ()
    reason: str = ""
    place: Item = field(factory=dict, eq=False, repr=False)
    claim: str = field(default="", repr=False)


def differing(one: Item, other: Item) -> tuple[str, ...]:
    """The attributes that are not the same in both, absent ones included."""
    names = sorted(one.keys() | other.keys())
    return tuple(n for n in names if _canonical(one.get(n)) != _canonical(other.get(n)))


def _canonical(value: Value | None) -> Any:
    """The same for values that are the same: sets have no order, and numbers many texts."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    return kind, _content(kind, content)


def _content(kind: str, content: Any) -> Any:
    match kind:
        case "N":
            return Decimal(content)
        case "NS":
            return frozenset(map(Decimal, content))
        case "SS" | "BS":
            return frozenset(content)
        case "L":
            return list(map(_canonical, content))
        case "M":
            members: Mapping[str, Value] = content
            return {name: _canonical(member) for name, member in members.items()}
        case _:
            return content
