"""From the key of an item to the columns that tell its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from attrs import evolve, frozen

from domain.errors import InvalidValue
from infrastructure.dynamodb.items import Item
from infrastructure.migration.contract import Attribute, Entity, Table, Template
from infrastructure.migration.conversion.casts import cast
from infrastructure.migration.conversion.columns import columns_told, to_columns
from infrastructure.migration.conversion.typed import Value, python
from infrastructure.migration.source.schema import SourceSchema
from infrastructure.migration.templates import template
from infrastructure.migration.unfit import Unfit

Columns = Mapping[str, object]
"""Values by column."""


@frozen
class RowKeys:
    """Where the rows of a table's keys are."""

    _table: Table
    _schema: SourceSchema

    def rows_of(self, key: Item) -> Iterator[tuple[Entity, Columns]]:
        """Each entity whose keys can be this one, with columns that no two of its rows share.

        Raises `InvalidValue` where the key does not give them.
        """
        for entity in self._table.entities:
            try:
                columns = self._columns(entity, key)
            except Unfit:
                continue  # its keys are written in another way
            yield entity, self._unique(entity, columns)

    def check(self) -> None:
        """Raises `InvalidValue` where the keys of an entity never tell one row."""
        for entity in self._table.entities:
            parts = (entity.attribute(name) for name in self._table.key_names)
            told = (self._told(entity, each) for each in parts if each is not None)
            self._key(entity, chain.from_iterable(told))

    def _told(self, entity: Entity, attribute: Attribute) -> Iterator[str]:
        """The columns that a part of a key gives, whatever its value."""
        if not isinstance(attribute.source, Template):
            yield from columns_told(attribute)
            return
        for name in template(attribute.source.text).names:
            named = entity.attribute(name)
            yield from [name] if named is None else self._told(entity, named)

    def _columns(self, entity: Entity, key: Item) -> Columns:
        record: dict[str, Value] = {}
        columns: dict[str, object] = {}
        for name, value in key.items():
            attribute = entity.attribute(name)
            if attribute is not None and isinstance(attribute.source, Template):
                self._read_template(entity, attribute, str(python(value)), record, columns)
            else:
                record[name] = python(value)
        telling = tuple(
            each for each in entity.attributes if each.name in record and columns_told(each)
        )
        return {**columns, **to_columns(evolve(entity, attributes=telling), record)}

    def _read_template(
        self,
        entity: Entity,
        attribute: Attribute,
        text: str,
        record: dict[str, Value],
        columns: dict[str, object],
    ) -> None:
        assert isinstance(attribute.source, Template)  # noqa: S101 for mypy: looked at before
        for name, part in template(attribute.source.text).read(text).items():
            named = entity.attribute(name)
            if named is None:
                columns[name] = part
            elif isinstance(named.source, Template):
                self._read_template(entity, named, part, record, columns)
            else:
                value = cast(named.type)(part)
                if value is not None:
                    record[name] = python(value)

    def _unique(self, entity: Entity, columns: Columns) -> Columns:
        values = {name.lower(): value for name, value in columns.items()}
        return {name: values[name.lower()] for name in self._key(entity, columns)}

    def _key(self, entity: Entity, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns of a key of the source that are among these."""
        source, given = self._schema.tables[entity.source_table], {*map(str.lower, columns)}
        for key in (source.row_key, *source.unique):
            if key and {*map(str.lower, key)} <= given:
                return key
        raise InvalidValue(
            f"{self._table.name}.{entity.name}",
            f"its key gives no columns that tell one row of {entity.source_table} from all others",
        )
