"""Dialect v1: an array of entries, their attributes by name.

An entry of type `GSI` is an index of the entry of type `Table` with the same source table. Its
`table` is the index's name; attributes that only it lists become the table's, and it projects all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from attrs import evolve, frozen

from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Entity,
    Index,
    Lookup,
    Step,
    Table,
)
from infrastructure.migration.dialects.document import Place
from infrastructure.migration.dialects.keys import (
    key_paths,
    read_indexes,
    read_names,
    with_composite_keys,
)
from infrastructure.migration.fragments import quoted

EntryType = Literal["Table", "GSI"]
ValueT = TypeVar("ValueT")

AttributeTypeV1 = Literal["S", "N", "B"]


@frozen
class _Entry:
    place: Place
    type: EntryType
    table: Table

    @property
    def entity(self) -> Entity:
        return self.table.entities[0]


def read_tables(document: Place) -> tuple[Table, ...]:
    """The tables of a contract. What is wrong is noted in the document's problems."""
    entries = [_read_entry(each) for each in document.elements()]
    tables = [each for each in entries if each.type != "GSI"]
    indexes: dict[str, list[_Entry]] = {each.table.path: [] for each in tables}
    for entry in entries:
        base = _base(entry, tables) if entry.type == "GSI" else None
        if base is not None:
            indexes[base.table.path].append(entry)
    return tuple(_complete(each, indexes[each.table.path]) for each in tables)


def _read_entry(place: Place) -> _Entry:
    found = place.fields(
        ["table", "type", "source_table", "pk", "attributes"],
        ["sk", "gsis", "satisfies", "estimated_item_size_bytes", "unique", "not_unique"],
    )
    source_table = found["source_table"].text()
    entity = Entity(
        path=place.path,
        name=source_table,
        source_table=source_table,
        attributes=tuple(
            _read_attribute(name, each, source_table)
            for name, each in found["attributes"].members().items()
        ),
    )
    table = Table(
        path=place.path,
        name=found["table"].text(),
        hash_key=found["pk"].text(),
        range_key=found["sk"].optional_text(),
        entities=(entity,),
        indexes=read_indexes(found["gsis"]),
        unique=read_names(found["unique"]),
        not_unique=read_names(found["not_unique"]),
        satisfies=tuple(each.required_text() for each in found["satisfies"].elements()),
        estimated_item_size=found["estimated_item_size_bytes"].whole_number(0),
    )
    return _Entry(place, found["type"].choice(EntryType), table)


def _read_attribute(name: str, place: Place, entry_table: str) -> Attribute:
    found = place.fields(
        ["type", "source_table", "source_column"], ["denormalized", "justification", "join"]
    )
    table, column = found["source_table"].text(), found["source_column"].text()
    elsewhere = bool(table) and table != entry_table
    join = found["join"]
    if elsewhere or found["denormalized"].flag():
        _demand(join, f"is missing: the value is of {table}" if elsewhere else "is missing")
        _demand(found["justification"], "is missing: say why the value is stored here as well")
    found["justification"].optional_text()
    return Attribute(
        path=place.path,
        name=name,
        type=found["type"].choice(AttributeTypeV1) or "S",
        source=Columns((column,))
        if join.is_absent
        else _read_join(join, entry_table, table, column),
    )


def _demand(place: Place, cause: str) -> None:
    if place.is_absent:
        place.wrong(cause)


def _read_join(place: Place, entry_table: str, table: str, column: str) -> Lookup:
    found = place.fields(["local_column", "source_column"])
    local = quoted(entry_table, found["local_column"].text())
    # Under its own name the table of the rows would hide that which is looked into.
    alias = f"{table}_joined" if table == entry_table else table
    condition = f"{quoted(alias, found['source_column'].text())} = {local}"
    return Lookup((Step(table, alias, (condition,), quoted(alias, column)),))


def _base(index: _Entry, tables: Iterable[_Entry]) -> _Entry | None:
    source = index.entity.source_table
    found = [each for each in tables if source and each.entity.source_table == source]
    place = index.place.child("source_table", source)
    if len(found) > 1:
        names = " and ".join(each.table.name for each in found)
        place.wrong(f"{names} both come from {source}: write the index into the gsis of one")
    elif not found and source:
        place.wrong(f"no entry of type Table comes from {source}")
    return found[0] if len(found) == 1 else None


def _complete(entry: _Entry, indexes: Iterable[_Entry]) -> Table:
    table, attributes = entry.table, dict[str, Attribute]()
    for each in (entry, *indexes):
        for attribute in each.entity.attributes:
            _add(attributes, attribute, each.place)
    every = (table, *(each.table for each in indexes))
    added = tuple(_index_of(each) for each in indexes)
    entity = evolve(entry.entity, attributes=tuple(attributes.values()))
    keys = [*key_paths(entry.place, table.indexes), *_entry_keys(indexes)]
    return evolve(
        table,
        indexes=(*table.indexes, *added),
        entities=(with_composite_keys(entity, keys),),
        unique=_merged(each.unique for each in every),
        not_unique=_merged(each.not_unique for each in every),
        satisfies=_merged(each.satisfies for each in every),
    )


def _add(attributes: dict[str, Attribute], attribute: Attribute, entry: Place) -> None:
    there = attributes.setdefault(attribute.name, attribute)
    if (there.type, there.source) != (attribute.type, attribute.source):
        place = Place(None, attribute.path, entry.problems)
        place.wrong(f"differs from {there.path}, of which it is an index")


def _index_of(entry: _Entry) -> Index:
    table = entry.table
    if table.indexes:
        Place(None, f"{table.path}.gsis", entry.place.problems).wrong("an index has no indexes")
    return Index(
        path=table.path, name=table.name, hash_key=table.hash_key, range_key=table.range_key
    )


def _entry_keys(indexes: Iterable[_Entry]) -> Iterator[tuple[str, str]]:
    for each in indexes:
        yield from key_paths(each.place, ())


def _merged(lists: Iterable[Iterable[ValueT]]) -> tuple[ValueT, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))
