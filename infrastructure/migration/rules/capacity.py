"""Sizes, and keys that put too much on one partition.

Figures: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB" and "Best practices for
designing and using partition keys effectively".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infrastructure.limits import MAX_ITEM
from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Index,
    Table,
    Template,
    TransformationType,
)
from infrastructure.migration.conversion.dates import UNIX
from infrastructure.migration.errors import Problem
from infrastructure.migration.templates import placeholders

MAX_PARTITION = "1,000 writes and 3,000 reads a second"
_MANY_COPIES = 5
_FEW_VALUES = frozenset(
    [
        "status",
        "state",
        "type",
        "kind",
        "gender",
        "flag",
        "level",
        "priority",
        "country",
        "currency",
    ]
)
_DATES = frozenset(["date", "day", "week", "month", "year"])
_FLAGS = frozenset(["is", "has"])


def check_capacity(table: Table) -> Iterator[Problem]:
    """Items that are too large; warnings of hot partitions and of writes that multiply."""
    if table.estimated_item_size > MAX_ITEM:
        path = f"{table.path}.estimated_item_size_bytes"
        yield Problem(path, f"{table.estimated_item_size}: an item has at most {MAX_ITEM} bytes")
    copies = [index for index in table.indexes if index.projection == "ALL"]
    if len(copies) >= _MANY_COPIES:
        cause = f"{len(copies)} indexes project ALL: a write costs up to {len(copies) + 1} times"
        yield Problem(f"{table.path}.gsis", cause, is_warning=True)
    for attribute, index in hash_attributes(table):
        reason = reason_of_few(attribute)
        if reason is not None:
            yield hot_partition(attribute, index, reason)


def hash_attributes(table: Table) -> Iterator[tuple[Attribute, Index | None]]:
    """Each entity's hash keys, of the table and of its indexes."""
    for entity in table.entities:
        for index in (None, *table.indexes):
            attribute = entity.attribute(table.hash_key if index is None else index.hash_key)
            if attribute is not None:
                yield attribute, index


def hot_partition(attribute: Attribute, index: Index | None, reason: str) -> Problem:
    """The warning of a hash key with few values."""
    if index is None:
        cause = f"{attribute.name} {reason}: a hot partition, which takes {MAX_PARTITION}"
    else:
        cause = (
            f"{attribute.name} {reason}: the index {index.name} can throttle every write to the "
            f"table, as its partition takes {MAX_PARTITION}"
        )
    return Problem(attribute.path, cause, is_warning=True)


def reason_of_few(attribute: Attribute) -> str | None:
    """Why an attribute seems to have few values at a time, if it does."""
    source, transformation = attribute.source, attribute.transformation
    text = source.text if isinstance(source, Template) else None
    if transformation is not None and transformation.type is TransformationType.STRING:
        text = transformation.format
    if text is not None:
        return None if placeholders(text) else "is the same in every item"
    if transformation is not None and transformation.type is TransformationType.DATE:
        is_day = transformation.format != UNIX and "HH" not in (transformation.format or "")
        return "is a date" if is_day else None
    names = [attribute.name, *(source.names if isinstance(source, Columns) else ())]
    return next(filter(None, map(_reason_in, names)), None)


def _reason_in(name: str) -> str | None:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
    if not words:
        return None
    if words[-1] in _DATES:
        return "is a date"
    if words[0] in _FLAGS or words[-1] in _FEW_VALUES:
        return "has few values"
    return None
