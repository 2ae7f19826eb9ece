"""The one function from a source row to an item, prepared once for each entity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.contract import (
    ENTITY_TYPE,
    Attribute,
    Columns,
    Entity,
    Lookup,
    Table,
)
from infrastructure.migration.conversion.checks import check_keys, check_size, key_limits
from infrastructure.migration.conversion.steps import in_order, step_of
from infrastructure.migration.rows import RowRejected, SourceRow
from infrastructure.migration.unfit import Unfit, UnfitAttribute


def to_item(table: Table, entity: Entity, row: SourceRow) -> Item:
    """The item of a row. Raises `RowRejected`. For many rows keep a `Converter`."""
    return _converter(table, entity).to_item(row)


class Converter:
    """Makes items of the rows of one entity.

    Pure: the same row gives the same item. Raises `ValueError` for an entity whose templates go in
    a circle, or whose attribute has the name that tells entities apart.
    """

    def __init__(self, table: Table, entity: Entity) -> None:
        self._attributes = {each.name: each for each in entity.attributes}
        self._labels = {each.name: label(each) for each in entity.attributes}
        self._steps = [(each.name, step_of(entity, each)) for each in in_order(entity)]
        self._mark: Typed | None = entity_mark(table, entity)
        self._limits = key_limits(table)
        self._key = table.key_names

    def to_item(self, row: SourceRow) -> Item:
        """The item of a row. Raises `RowRejected` where a value cannot arrive exactly."""
        if row.matches:
            self._check_matches(row.matches)
        item: dict[str, Typed] = {}
        for name, step in self._steps:
            try:
                value = step(row, item)
            except Unfit as error:
                raise RowRejected(self._labels[name], str(error)) from error
            if value is not None:
                item[name] = value
        if self._mark is not None:
            item[ENTITY_TYPE] = self._mark
        self._check(item)
        return item

    def _check_matches(self, matches: Mapping[str, int]) -> None:
        for name, count in matches.items():
            if count > 1:
                source = self._attributes[name].source
                steps = source.steps if isinstance(source, Lookup) else ()
                tables = ", ".join(each.table for each in steps)
                raise RowRejected(self._labels[name], f"matches {count} rows of {tables}")

    def _check(self, item: Item) -> None:
        try:
            check_keys(item, self._key, self._limits)
            check_size(item)
        except UnfitAttribute as error:
            label_ = self._labels.get(error.attribute, error.attribute)
            raise RowRejected(label_, error.reason) from error


def label(attribute: Attribute) -> str:
    """What a reject names: the columns of an attribute, or the attribute itself."""
    source = attribute.source
    return ", ".join(source.names) if isinstance(source, Columns) else attribute.name


def entity_mark(table: Table, entity: Entity) -> Typed | None:
    """The value of `entity_type`, for a table of several entities."""
    if len(table.entities) == 1:
        return None
    if entity.attribute(ENTITY_TYPE) is not None:
        raise ValueError(f"{entity.path}: {ENTITY_TYPE} tells the entities of {table.name} apart")
    return {"S": entity.name}


_converter = lru_cache(maxsize=256)(Converter)
