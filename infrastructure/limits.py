"""What can be stored: the limits of DynamoDB, which the memory provider keeps as well.

Figures: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB" and "DynamoDB item sizes and
formats".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from application.errors import InvalidItem, LimitExceeded

_HALF = re.compile("[\ud800-\udfff]")

Record = Mapping[str, str | int | bytes]
"""Attributes under their stored names: each a text, a whole number, true or false, or bytes."""

MAX_ITEM = 400 * 1024
"""Bytes of one item, names of attributes included."""

MAX_HASH_KEY = 2048
MAX_RANGE_KEY = 1024
MAX_DIGITS = 38

MAX_ACTIONS = 100
"""Actions of one transaction."""

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of all items of one transaction, and of the conditions on them."""

NEW_ITEM_CONDITION = len("attribute_not_exists (#0)pk")
"""Bytes of the condition that an item is new. DynamoDB Local counts it; it is not documented."""


def can_be_key(text: str, max_bytes: int) -> bool:
    """Whether a text is printable and has from 1 to `max_bytes` bytes in UTF-8."""
    return 0 < text_size(text) <= max_bytes and text.isprintable()


def text_size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=4096)  # most numbers are small
def number_size(number: str) -> int:
    """Bytes of a number: one, one for every two digits without outer zeros, one for a minus."""
    digits = number.strip("0")
    if not digits.isdecimal():  # no whole number
        digits = number.lstrip("+-").lower().split("e")[0].replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2 + number.startswith("-")


def is_text(text: str) -> bool:
    """Whether UTF-8 can encode a text: it has no half of a surrogate pair."""
    return text.isascii() or _HALF.search(text) is None


def record_size(record: Record) -> int:
    """The bytes that a record takes as an item."""
    size = names_size(tuple(record))
    for value in record.values():
        if isinstance(value, str) and value.isascii():
            size += len(value)
        else:
            size += _value_size(value)
    return size


@lru_cache(maxsize=1024)  # items of one table have the same ones
def names_size(names: tuple[str, ...]) -> int:
    """The bytes that the names of an item's attributes take."""
    return sum(map(text_size, names))


def check_record(table: str, keys: tuple[str, ...], record: Record) -> int:
    """A record's size. Raises `InvalidItem` or `LimitExceeded` for one that no item could hold."""
    for name, allowed in zip(keys, (MAX_HASH_KEY, MAX_RANGE_KEY), strict=False):
        size = _value_size(record[name])
        if size > allowed:
            raise LimitExceeded("key size", size, allowed, "bytes", f"{name} of {table}")
    wrong = {n for n, v in record.items() if isinstance(v, str) and not is_text(v)}
    described = ", ".join(f"{name}={record[name]!s}" for name in keys)
    if wrong:
        # In the order of an item's check, so that both providers name the same attribute.
        name = next((key for key in keys if key in wrong), min(wrong))
        raise InvalidItem(table, described, name, "is text that UTF-8 cannot encode")
    size = record_size(record)
    where = f"{described} of {table}"
    check_item_size(size, where, record, lambda name: _value_size(record[name]))
    return size


def check_item_size(
    size: int, where: str, names: Iterable[str], size_of: Callable[[str], int]
) -> None:
    """Raises `LimitExceeded`, which names the largest attribute, for an item of too many bytes."""
    if size > MAX_ITEM:
        largest = max(names, key=size_of)
        raise LimitExceeded("item size", size, MAX_ITEM, "bytes", f"{where}, mostly {largest}")


def _value_size(value: str | int | bytes) -> int:
    if isinstance(value, bool):
        return 1
    if isinstance(value, bytes):
        return len(value)
    return text_size(value) if isinstance(value, str) else number_size(str(value))
