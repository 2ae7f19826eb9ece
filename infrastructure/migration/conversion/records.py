"""Items as records of Python values, and back: what service code works with."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from domain.errors import DynastrataError
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.contract import ENTITY_TYPE, Attribute, Entity, Table, Template
from infrastructure.migration.conversion.casts import cast
from infrastructure.migration.conversion.checks import check_keys, check_size, key_limits
from infrastructure.migration.conversion.converter import entity_mark
from infrastructure.migration.conversion.steps import in_order, template_value
from infrastructure.migration.conversion.typed import Value, python, typed
from infrastructure.migration.templates import template
from infrastructure.migration.unfit import Unfit, UnfitAttribute

Record = Mapping[str, Value]
"""Attributes by name. An absent one is not in it."""


@frozen
class InvalidRecord(DynastrataError):
    """A record, or a stored item, is not as the contract says. `attribute` names what is wrong."""

    table: str
    attribute: str
    reason: str

    def __str__(self) -> str:
        return f"{self.attribute} of {self.table} {self.reason}"


def to_record(table: Table, item: Item) -> dict[str, Value]:
    """What an item says, `entity_type` included where the table has several entities.

    Raises `InvalidRecord` for an attribute of another type than the contract's, and for an entity
    that the contract does not know.
    """
    kinds = {each.name: each.type for each in _entity_of(table, item).attributes}
    record: dict[str, Value] = {}
    for name, value in item.items():
        [kind] = value
        if kinds.get(name, kind) != kind and kind != "NULL":
            reason = f"is stored as {kind}, the contract says {kinds[name]}"
            raise InvalidRecord(table.name, name, reason)
        record[name] = python(value)
    return record


def from_record(table: Table, entity: Entity, record: Record) -> Item:
    """The item of a record. None is no value, but for the type NULL.

    Attributes made of templates are computed; one that is given must be what is computed. Raises
    `InvalidRecord` for unknown attributes, wrong types, and what the service would refuse.
    """
    item = values_of(table, entity, record)
    try:
        item |= _mark(table, entity, record)
        check_keys(item, table.key_names, key_limits(table))
        check_size(item)
    except UnfitAttribute as error:
        raise InvalidRecord(table.name, error.attribute, error.reason) from error
    return item


def values_of(table: Table, entity: Entity, record: Record) -> dict[str, Typed]:
    """The stored values of some attributes, and of those that are computed from them.

    Raises `InvalidRecord` for unknown attributes and wrong types.
    """
    known = {each.name for each in entity.attributes} | {ENTITY_TYPE}
    for name in record.keys() - known:
        raise InvalidRecord(table.name, name, f"is no attribute of {entity.name}")
    found: dict[str, Typed] = {}
    for attribute in in_order(entity):
        try:
            value = _value(entity, attribute, record, found)
        except Unfit as error:
            raise InvalidRecord(table.name, attribute.name, str(error)) from error
        if value is not None:
            found[attribute.name] = value
    return found


def parts_of(entity: Entity, attribute: Attribute) -> tuple[frozenset[str], bool]:
    """The attributes of which a template makes this one, and whether they are all that it needs."""
    if not isinstance(attribute.source, Template):
        return frozenset(), False
    names = frozenset(template(attribute.source.text).names)
    parts = names & {each.name for each in entity.attributes}
    return parts, parts == names


def entity_of(table: Table, record: Record) -> Entity:
    """The entity of a record: the table's only one, or that of its `entity_type`.

    Raises `InvalidRecord` where that is missing or unknown.
    """
    if len(table.entities) == 1:
        return table.entities[0]
    name = record.get(ENTITY_TYPE)
    for each in table.entities:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in table.entities)
    raise InvalidRecord(table.name, ENTITY_TYPE, f"must be one of {names}")


def _entity_of(table: Table, item: Item) -> Entity:
    mark = item.get(ENTITY_TYPE)
    return entity_of(table, {} if mark is None else {ENTITY_TYPE: python(mark)})


def _mark(table: Table, entity: Entity, record: Record) -> dict[str, Typed]:
    mark = entity_mark(table, entity)
    if mark is None:
        return {}
    if record.get(ENTITY_TYPE, entity.name) != entity.name:
        raise UnfitAttribute(ENTITY_TYPE, f"is not {entity.name}")
    return {ENTITY_TYPE: mark}


def _value(
    entity: Entity, attribute: Attribute, record: Record, item: Mapping[str, Typed]
) -> Typed | None:
    given = _given(attribute, record)
    _, is_computed = parts_of(entity, attribute)
    if not is_computed or not isinstance(attribute.source, Template):
        return given  # also where a template needs a column that no attribute holds
    wanted = template(attribute.source.text)
    text = wanted.render(lambda name: template_value(item[name]) if name in item else None)
    computed = None if text is None else cast(attribute.type)(text)
    if attribute.name in record and given != computed:
        raise Unfit(f"must be what {attribute.source.text} makes of the other attributes")
    return computed


def _given(attribute: Attribute, record: Record) -> Typed | None:
    value = record.get(attribute.name)
    if value is None:
        return {"NULL": True} if attribute.type == "NULL" and attribute.name in record else None
    if value == frozenset() and attribute.type in ("SS", "NS", "BS"):
        return None
    found = typed(value)
    [kind] = found
    if kind != attribute.type:
        raise Unfit(f"must be of type {attribute.type}, not {kind}")
    return found
