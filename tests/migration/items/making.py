"""Contracts of one table, made in a line or two."""

from __future__ import annotations

from collections.abc import Mapping

from infrastructure.migration.contract import (
    Attribute,
    AttributeType,
    Columns,
    Entity,
    Index,
    Source,
    Table,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.rows import SourceRow


def attribute(
    name: str,
    type: AttributeType = "S",
    source: Source | None = None,
    transformation: Transformation | None = None,
) -> Attribute:
    """An attribute, by default of the column of its own name."""
    return Attribute(
        f"tables[0].attributes.{name}", name, type, source or Columns((name,)), transformation
    )


def templated(name: str, text: str, type: AttributeType = "S") -> Attribute:
    return attribute(name, type, Template(text))


def changed(
    name: str,
    kind: TransformationType,
    pattern: str | None = None,
    source_format: str | None = None,
    type: AttributeType = "S",
) -> Attribute:
    """An attribute with a transformation."""
    return attribute(name, type, None, Transformation(kind, pattern, source_format))


def entity(*attributes: Attribute, name: str = "USER") -> Entity:
    return Entity("tables[0]", name, "users", attributes)


def table(
    *entities: Entity,
    hash_key: str = "id",
    range_key: str | None = None,
    indexes: tuple[Index, ...] = (),
    unique: tuple[tuple[str, ...], ...] = (),
    name: str = "Users",
) -> Table:
    return Table("tables[0]", name, hash_key, range_key, entities, indexes, unique)


def row(values: Mapping[str, object], **columns: object) -> SourceRow:
    """A row with these values by attribute, the first of which is its key."""
    name = next(iter(values))
    return SourceRow({name: values[name]}, values, columns, {})


def index(name: str, hash_key: str, range_key: str | None = None) -> Index:
    return Index(f"tables[0].gsis.{name}", name, hash_key, range_key)
