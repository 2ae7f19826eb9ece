"""Keys of tables and indexes, projections, and what is unique.

Figures: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infrastructure.migration.contract import ENTITY_TYPE, Attribute, Index, Table
from infrastructure.migration.dialects.keys import COMPOSITE
from infrastructure.migration.errors import Problem, nearest

_KEY_TYPES = ("S", "N", "B")
_MAX_INDEXES = 20
_MAX_PROJECTED = 100
_PARTS = ("pk", "sk")


def check_keys(table: Table) -> Iterator[Problem]:
    """Keys that are no attributes, or not of one type that a key may have."""
    yield from _key_of_every_entity(table)
    yield from _same_twice(table.path, table.key_names)
    for index in table.indexes:
        yield from _same_twice(index.path, index.key_names)
        for part, name in zip(_PARTS, index.key_names, strict=False):
            if not attributes_named(table, name):
                yield Problem(f"{index.path}.{part}", _no_attribute(table, name))
    yield from _key_types(table)


def check_indexes(table: Table) -> Iterator[Problem]:
    """Too many indexes, and projections of what is not there."""
    if len(table.indexes) > _MAX_INDEXES:
        found = len(table.indexes)
        yield Problem(f"{table.path}.gsis", f"{found} indexes: a table has at most {_MAX_INDEXES}")
    projected = sum(len(set(index.projected)) for index in table.indexes)
    if projected > _MAX_PROJECTED:
        cause = f"project {projected} attributes: all indexes together at most {_MAX_PROJECTED}"
        yield Problem(f"{table.path}.gsis", cause)
    for index in table.indexes:
        yield from _projection(table, index)


def check_unique(table: Table) -> Iterator[Problem]:
    """What is said to be unique, or not to be, and is no attribute or cannot be claimed."""
    for word, lists in (("unique", table.unique), ("not_unique", table.not_unique)):
        for number, names in enumerate(lists):
            path = f"{table.path}.{word}[{number}]"
            yield from _unique_names(table, path, names)
            if word == "not_unique" and set(names) in map(set, table.unique):
                yield Problem(path, f"{' and '.join(names)} stands in unique as well")


def attributes_named(table: Table, name: str) -> list[Attribute]:
    """The attributes of this name, of all entities."""
    return [each for entity in table.entities for each in entity.attributes if each.name == name]


def _key_of_every_entity(table: Table) -> Iterator[Problem]:
    for part, name in zip(_PARTS, table.key_names, strict=False):
        if not attributes_named(table, name) and not _has_templates(table):
            yield Problem(f"{table.path}.{part}", _no_attribute(table, name))
            continue
        for entity in table.entities:
            if entity.attribute(name) is None:
                cause = f"has neither the key attribute {name} nor a {part}_template for it"
                yield Problem(entity.path, cause)


def _has_templates(table: Table) -> bool:
    return len(table.entities) > 1


def _no_attribute(table: Table, name: str) -> str:
    known = table.attribute_names
    missing = [part for part in name.split(COMPOSITE) if part not in known]
    if COMPOSITE in name and missing:
        return f"{name}: its part {missing[0]} is no attribute{nearest(missing[0], known)}"
    return f"{name} is no attribute{nearest(name, known)}"


def _same_twice(path: str, names: tuple[str, ...]) -> Iterator[Problem]:
    if len(names) > len(set(names)):
        yield Problem(f"{path}.sk", f"{names[0]} is the pk already")


def _key_types(table: Table) -> Iterator[Problem]:
    every = [*table.key_names, *(name for each in table.indexes for name in each.key_names)]
    for name in dict.fromkeys(every):
        found = attributes_named(table, name)
        for attribute in found:
            if attribute.type not in _KEY_TYPES:
                yield Problem(attribute.path, f"is of type {attribute.type}: a key is S, N or B")
            elif attribute.type != found[0].type:
                cause = f"is of type {attribute.type}, but {found[0].type} in {found[0].path}"
                yield Problem(attribute.path, f"{cause}: a key has one type in all entities")


def _projection(table: Table, index: Index) -> Iterator[Problem]:
    path = f"{index.path}.projected_attributes"
    if index.projection == "INCLUDE" and not index.projected:
        yield Problem(path, "is missing: the projection INCLUDE lists attributes")
    if index.projection != "INCLUDE" and index.projected:
        yield Problem(path, f"has no place in a projection of {index.projection}")
    known = {*table.attribute_names, ENTITY_TYPE}
    for number, name in enumerate(index.projected):
        if name not in known:
            yield Problem(f"{path}[{number}]", f"{name} is no attribute{nearest(name, known)}")
    for name in set(index.projected) & {*table.key_names, *index.key_names}:
        yield Problem(path, f"{name} is of the key, which every index has", is_warning=True)


def _unique_names(table: Table, path: str, names: Iterable[str]) -> Iterator[Problem]:
    known = table.attribute_names
    for name in names:
        if name not in known:
            yield Problem(path, f"{name} is no attribute{nearest(name, known)}")
    if known.issuperset(names) and not any(
        all(entity.attribute(name) for name in names) for entity in table.entities
    ):
        yield Problem(path, f"no entity has {' and '.join(names)} together")
    for name in names:
        for attribute in attributes_named(table, name):
            if attribute.type not in _KEY_TYPES:
                cause = f"{name} is of type {attribute.type}: what is unique is S, N or B"
                yield Problem(path, cause)
