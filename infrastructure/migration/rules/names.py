"""Names: what the service takes, and none twice.

Figures: Amazon DynamoDB Developer Guide, "Naming rules" and "Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from infrastructure.limits import text_size
from infrastructure.migration.contract import ENTITY_TYPE, Contract, Entity, Index, Table
from infrastructure.migration.errors import Problem

_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_RULE = "must have 3 to 255 characters of a-z, A-Z, 0-9, '_', '-' and '.'"
_MAX_ATTRIBUTE_NAME = 65_535
_MAX_KEY_NAME = 255


def check_names(contract: Contract) -> Iterator[Problem]:
    """Names that the service refuses, and names that are there twice."""
    yield from _twice(contract.tables, "table")
    for table in contract.tables:
        if not _NAME.fullmatch(table.name):
            yield Problem(f"{table.path}.table", f"{table.name!r} {_RULE}")
        yield from _index_names(table)
        yield from _entity_names(table)


def _index_names(table: Table) -> Iterator[Problem]:
    yield from _twice(table.indexes, "index")
    for index in table.indexes:
        if not _NAME.fullmatch(index.name):
            yield Problem(f"{index.path}.index_name", f"{index.name!r} {_RULE}")


def _entity_names(table: Table) -> Iterator[Problem]:
    yield from _twice(table.entities, "entity")
    keys = {*table.key_names, *(key for each in table.indexes for key in each.key_names)}
    for entity in table.entities:
        yield from _attribute_names(entity, keys)
        attribute = entity.attribute(ENTITY_TYPE)
        if len(table.entities) > 1 and attribute is not None:
            yield Problem(attribute.path, "is the name of what tells the entities apart")


def _attribute_names(entity: Entity, keys: set[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for attribute in entity.attributes:
        if attribute.name in seen:
            yield Problem(attribute.path, f"the entity has {attribute.name} twice")
        seen.add(attribute.name)
        limit = _MAX_KEY_NAME if attribute.name in keys else _MAX_ATTRIBUTE_NAME
        if not 0 < text_size(attribute.name) <= limit:
            yield Problem(attribute.path, f"the name must have 1 to {limit} bytes")


def _twice(named: Iterable[Table | Index | Entity], what: str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for each in named:
        if each.name in first:
            yield Problem(each.path, f"{first[each.name]} is the {what} {each.name} already")
        first.setdefault(each.name, each.path)
