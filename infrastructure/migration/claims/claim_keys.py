"""Which claims an item has, and the texts that they are stored under.

All texts here are stored: never change how they are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import sha256
from urllib.parse import unquote

from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.contract import Entity, Table

MAX_BYTES = 1024
"""Bytes of a text that is kept as it is. A longer one is stored as a hash."""

_ESCAPES = str.maketrans({"%": "%25", "#": "%23", ",": "%2C"})
_EXPONENT = 5000  # above that of any number of a source, so that exponents sort as texts


def claim_keys(table: Table, item: Item) -> dict[str, tuple[str, ...]]:
    """The claims of an item: by key of the claim, the attributes that it keeps unique.

    None for attributes of which one is absent, as in the source. Two items have the same key only
    if these attributes have the same values. Raises `ValueError` for sets and documents.
    """
    return {
        claim_key(table.name, {name: item[name] for name in names}): names
        for names in table.unique
        if all(name in item for name in names)
    }


def claim_key(table: str, values: Item) -> str:
    """The key of the claim on these values: `Users#email#S:ada@…`."""
    names = ",".join(map(_escaped, values))
    key = f"{_escaped(table)}#{names}#{_joined(values.values())}"
    # No names are empty, so two signs in a row are the mark of a hash.
    return key if _fits(key) else f"{_escaped(table)}##{_hashed(key)}"


def owner_of(table: Table, item: Item) -> str:
    """The key of an item as the owner of claims: `S:7,N:3`."""
    return _joined(item[name] for name in table.key_names)


def key_of_owner(table: Table, owner: str) -> Item:
    """The key of the item that owns a claim."""
    values = (text_value(unquote(part)) for part in owner.split(","))
    return dict(zip(table.key_names, values, strict=True))


def text_value(text: str) -> Typed:
    """The value that `canonical` wrote."""
    kind, _, content = text.partition(":")
    return {kind: bytes.fromhex(content) if kind == "B" else content}


def rank_of(table: Table, entity: Entity, key: Mapping[str, object]) -> str:
    """The place of a source row among those of its table: the lowest key is the lowest text.

    Numbers and times sort by their value, texts by their characters. Rows of the table's first
    entity come before those of others.
    """
    place = next(number for number, each in enumerate(table.entities) if each.name == entity.name)
    rank = "#".join((f"{place:03}", *map(_sortable, key.values())))
    return rank if _fits(rank) else f"{rank[: MAX_BYTES // 4]}##{_hashed(rank)}"


def source_text(key: Mapping[str, object]) -> str:
    """A source row's key for people to read: `id=7`."""
    text = ", ".join(f"{name}={value}" for name, value in key.items())
    return text if len(text) <= 200 else f"{text[:197]}..."


def value_text(values: Sequence[Typed]) -> str:
    """Unique values for people to read, as reject files show them: `'a@b', 7`."""
    shown = [next(iter(value.items())) for value in values]
    return ", ".join(content if kind == "N" else repr(content) for kind, content in shown)


def canonical(value: Typed) -> str:
    """The one text of a value: `S:ada`. Raises `ValueError` for sets and documents."""
    [(kind, content)] = value.items()
    if kind not in {"S", "N", "B"}:
        raise ValueError(f"a value of type {kind} cannot be unique")
    return f"{kind}:{content.hex() if kind == 'B' else content}"


def _joined(values: Iterable[Typed]) -> str:
    return ",".join(_escaped(canonical(value)) for value in values)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _fits(text: str) -> bool:
    return len(text.encode()) <= MAX_BYTES


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _sortable(value: object) -> str:
    match value:
        case None:
            return "0"
        case int() | float() | Decimal():
            return f"1{_sortable_number(Decimal(value))}"
        case timedelta():
            return f"1{_sortable_number(Decimal(value // timedelta(microseconds=1)))}"
        case date() | time():
            return f"2{value.isoformat()}"
        case bytes():
            return f"4{value.hex()}"
        case _:
            return f"3{_escaped(str(value))}"


def _sortable_number(number: Decimal) -> str:
    """Text that sorts as the numbers do: their sign, exponent, and digits."""
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if not digits:
        return "b"
    if number > 0:
        return f"c{_EXPONENT + number.adjusted():04}{digits}"
    # The larger its amount, the lower a negative number; a longer one comes before a shorter.
    opposite = "".join(str(9 - int(digit)) for digit in digits)
    return f"a{_EXPONENT - number.adjusted():04}{opposite}~"
