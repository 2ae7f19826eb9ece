"""How each attribute of an entity gets its value, from a row and from other attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from infrastructure.dynamodb.items import Value as Typed
from infrastructure.migration.contract import (
    Attribute,
    Collection,
    Entity,
    Template,
)
from infrastructure.migration.conversion import json_text
from infrastructure.migration.conversion.casts import cast
from infrastructure.migration.conversion.texts import text_of
from infrastructure.migration.conversion.transformations import transform
from infrastructure.migration.rows import SourceRow, Unreadable
from infrastructure.migration.templates import template
from infrastructure.migration.unfit import Unfit

Step = Callable[[SourceRow, Mapping[str, Typed]], Typed | None]
"""An attribute's value, from a row and the attributes before it. Raises `Unfit`."""


def in_order(entity: Entity) -> list[Attribute]:
    """The attributes, each after those that its template names. Raises `ValueError` in a circle."""
    left, ordered = list(entity.attributes), list[Attribute]()
    while left:
        waiting = {each.name for each in left}
        ready = [each for each in left if not waiting & {*_named(each)}]
        if not ready:
            names = ", ".join(sorted(waiting))
            raise ValueError(f"{entity.path}: templates that name each other: {names}")
        ordered += ready
        left = [each for each in left if each not in ready]
    return ordered


def _named(attribute: Attribute) -> tuple[str, ...]:
    source = attribute.source
    return template(source.text).names if isinstance(source, Template) else ()


def template_value(value: Typed) -> str:
    """The text that a stored value has in a template. Raises `Unfit` for sets and documents."""
    [(kind, content)] = value.items()
    if kind == "BOOL":
        return "true" if content else "false"
    if kind not in {"S", "N", "B"}:
        raise Unfit(f"is made of a value of type {kind}, which has no text")
    return text_of(content)


def step_of(entity: Entity, attribute: Attribute) -> Step:
    """How this attribute of the entity is made. Raises `ValueError` for a wrong format."""
    name, to_type, source = attribute.name, cast(attribute.type), attribute.source
    if isinstance(source, Template):
        return _template_step(entity, attribute, source.text)
    if attribute.type == "NULL":
        return lambda row, _: (
            {"NULL": True} if row.values[name] is None else to_type(row.values[name])
        )
    prepare = transform(attribute)
    pick = _picked(source) if isinstance(source, Collection) else None

    def step(row: SourceRow, _: Mapping[str, Typed]) -> Typed | None:
        value = row.values[name] if pick is None else pick(row.values[name])
        found = prepare(value, row)
        return None if found is None else to_type(found)

    return step


def _template_step(entity: Entity, attribute: Attribute, text: str) -> Step:
    wanted, to_type = template(text), cast(attribute.type)
    attributes = {each.name for each in entity.attributes}

    def step(row: SourceRow, item: Mapping[str, Typed]) -> Typed | None:
        def value_of(name: str) -> str | None:
            if name in attributes:
                return template_value(item[name]) if name in item else None
            value = row.columns[name]
            return None if value is None else text_of(value)

        found = wanted.render(value_of)
        return None if found is None else to_type(found)

    return step


def _picked(source: Collection) -> Callable[[object], str | None]:
    """The wanted part of the JSON array that a collection was read as.

    No matching rows are an empty list, or no map.
    """

    def pick(value: object) -> str | None:
        if isinstance(value, Unreadable):
            raise Unfit(value.reason)
        text = "[]" if value is None else text_of(value)
        if not source.is_list:
            return json_text.first_element(text)
        if source.limit is None:
            return text
        return f"[{','.join(json_text.elements(text)[: source.limit])}]"

    return pick
