"""Dialect v2: an object with `tables`, their attributes in lists, some with several entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import evolve

from infrastructure.migration.contract import (
    Attribute,
    AttributeType,
    Columns,
    Entity,
    Source,
    Table,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.dialects.calculations import read_calculation
from infrastructure.migration.dialects.document import Place
from infrastructure.migration.dialects.joins import read_join
from infrastructure.migration.dialects.keys import (
    key_paths,
    read_indexes,
    read_names,
    with_composite_keys,
)

TableType = Literal["single-entity", "multi-entity"]
TransformationName = Literal["date-format", "string-format", "number-format", "json-parse"]

_OPTIONAL = [
    "type",
    "sk",
    "gsis",
    "satisfies",
    "estimated_item_size_bytes",
    "unique",
    "not_unique",
]
_TEMPLATES = ("pk_template", "sk_template")


def read_tables(document: Place) -> tuple[Table, ...]:
    """The tables of a contract. What is wrong is noted in the document's problems."""
    return tuple(_read_table(each) for each in document.fields(["tables"])["tables"].elements())


def _read_table(place: Place) -> Table:
    type_ = place.tag("type", TableType)
    # Where the type is wrong, that alone is told.
    is_multi = type_ == "multi-entity" or (not type_ and place.has("entities"))
    required = ["entities"] if is_multi else ["source_table", "attributes"]
    optional = ["source_table"] if is_multi else []
    found = place.fields(["table", "pk", *required], [*_OPTIONAL, *_TEMPLATES, *optional])
    _refuse_templates(found)
    indexes = read_indexes(found["gsis"])
    keys = list(key_paths(place, indexes))
    entities = _entities(found) if is_multi else (_single(found, place),)
    if is_multi:
        found["source_table"].optional_text()
    return Table(
        path=place.path,
        name=found["table"].text(),
        hash_key=found["pk"].text(),
        range_key=found["sk"].optional_text(),
        entities=tuple(with_composite_keys(each, keys) for each in entities),
        indexes=indexes,
        unique=read_names(found["unique"]),
        not_unique=read_names(found["not_unique"]),
        satisfies=tuple(each.required_text() for each in found["satisfies"].elements()),
        estimated_item_size=found["estimated_item_size_bytes"].whole_number(0),
    )


def _refuse_templates(found: dict[str, Place]) -> None:
    for name in _TEMPLATES:
        if not found[name].is_absent:
            found[name].wrong(
                "is of the entities of a multi-entity table; a single entity lists its key as an "
                "attribute, such as a string-format"
            )


def _single(found: dict[str, Place], place: Place) -> Entity:
    source_table = found["source_table"].text()
    attributes = tuple(_attributes(found["attributes"], source_table))
    return Entity(place.path, source_table, source_table, attributes)


def _entities(found: dict[str, Place]) -> tuple[Entity, ...]:
    if found["entities"].value == []:
        found["entities"].wrong("must not be empty")
    keys = (found["pk"].value, found["sk"].value)
    return tuple(_read_entity(each, keys) for each in found["entities"].elements())


def _read_entity(place: Place, keys: tuple[object, object]) -> Entity:
    found = place.fields(["entity_type", "source_table", "attributes"], _TEMPLATES)
    source_table = found["source_table"].text()
    entity = Entity(
        path=place.path,
        name=found["entity_type"].text(),
        source_table=source_table,
        attributes=tuple(_attributes(found["attributes"], source_table)),
    )
    for name, key in zip(_TEMPLATES, keys, strict=True):
        entity = _with_template(entity, found[name], key)
    return entity


def _with_template(entity: Entity, template: Place, key: object) -> Entity:
    text = template.optional_text()
    if text is None:
        return entity
    if not isinstance(key, str):
        template.wrong(f"the table has no {template.path.rpartition('.')[2][:2]} to make of it")
        return entity
    if entity.attribute(key) is not None:
        template.warn(f"documents the attribute {key}, which the entity lists and which counts")
        return entity
    made = Attribute(path=template.path, name=key, type="S", source=Template(text))
    return evolve(entity, attributes=(*entity.attributes, made))


def _attributes(places: Place, source_table: str) -> Iterator[Attribute]:
    for place in places.elements():
        name = place.value.get("name") if isinstance(place.value, dict) else None
        named = places.child(name, place.value) if isinstance(name, str) and name else place
        yield _read_attribute(named, source_table)


def _read_attribute(place: Place, source_table: str) -> Attribute:
    found = place.fields(
        ["name", "type"],
        [
            *("source_table", "source_column", "join", "calculation", "transformation"),
            *("denormalized", "justification"),
        ],
    )
    _check_origin(found, source_table)
    transformation = _read_transformation(found["transformation"])
    return Attribute(
        path=place.path,
        name=found["name"].text(),
        type=found["type"].choice(AttributeType) or "S",
        source=_read_source(found, source_table, transformation) or Columns(()),
        transformation=transformation,
    )


def _check_origin(found: dict[str, Place], source_table: str) -> None:
    table = found["source_table"].optional_text()
    if table is not None and source_table and table != source_table:
        found["source_table"].wrong(
            f"is {table}, and the rows are of {source_table}: a join says what is of another table"
        )
    found["justification"].optional_text()
    if not found["denormalized"].flag():
        return
    if found["justification"].is_absent:
        found["justification"].wrong("is missing: say why the value is stored here as well")
    if found["join"].is_absent and found["calculation"].is_absent:
        found["join"].wrong("is missing: the value is denormalized")


def _read_source(
    found: dict[str, Place], source_table: str, transformation: Transformation | None
) -> Source | None:
    column, join, calculation = found["source_column"], found["join"], found["calculation"]
    columns = column.texts()
    if not join.is_absent and not calculation.is_absent:
        calculation.wrong("stands beside a join: an attribute has one of both")
    if not join.is_absent:
        return read_join(join, source_table)
    if not calculation.is_absent:
        return read_calculation(calculation, source_table, columns)
    if column.is_absent:
        column.wrong("is missing")
    takes_several = transformation and transformation.type is TransformationType.STRING
    if len(columns) > 1 and not takes_several:
        column.wrong("are several: a string-format or a concat makes one value of them")
    return Columns(columns)


def _read_transformation(place: Place) -> Transformation | None:
    if place.is_absent:
        return None
    kind = place.tag("type", TransformationName)
    found = place.fields([], ["type", "format", "source_format"])
    if not kind:
        return None
    return Transformation(
        type=TransformationType(kind),
        format=found["format"].optional_text(),
        source_format=found["source_format"].optional_text(),
    )
