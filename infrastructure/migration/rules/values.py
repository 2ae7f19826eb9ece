"""Types, transformations and templates that cannot go together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from infrastructure.migration.contract import (
    Aggregate,
    Attribute,
    AttributeType,
    Collection,
    Columns,
    Entity,
    Lookup,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.conversion.dates import LETTERS, UNIX, is_column_type
from infrastructure.migration.conversion.transformations import DIGITS
from infrastructure.migration.errors import Problem
from infrastructure.migration.templates import placeholders, position

_RESULTS: dict[TransformationType, tuple[AttributeType, ...]] = {
    TransformationType.DATE: ("S", "N"),
    TransformationType.STRING: ("S", "N", "B"),
    TransformationType.NUMBER: ("S", "N"),
    TransformationType.JSON: ("M", "L", "S", "SS", "NS", "BS"),
}
_FIGURES: tuple[AttributeType, ...] = ("N", "S")
_SCALARS: tuple[AttributeType, ...] = ("S", "N", "B", "BOOL")


def check_values(entity: Entity) -> Iterator[Problem]:
    """Attributes whose value cannot be of their type, and templates without an end."""
    for attribute in entity.attributes:
        yield from _source_type(attribute)
        if attribute.transformation is not None:
            yield from _transformation(attribute, attribute.transformation)
        if isinstance(attribute.source, Template):
            yield from _template(entity, attribute, attribute.source)


def _source_type(attribute: Attribute) -> Iterator[Problem]:
    source = attribute.source
    allowed: tuple[AttributeType, ...] | None = None
    if isinstance(source, Collection):
        allowed = ("L", "S") if source.is_list else ("M", "S")
    elif isinstance(source, Aggregate):
        allowed = _FIGURES if source.operation in ("SUM", "COUNT", "AVG") else _SCALARS
    if allowed is not None and attribute.type not in allowed:
        what = "calculation" if isinstance(source, Aggregate) else "join"
        cause = f"gives {' or '.join(allowed)}, not the type {attribute.type}"
        yield Problem(f"{attribute.path}.{what}", cause)
    otherwise = source.otherwise if isinstance(source, Lookup) else None
    if otherwise is not None and attribute.type == "N" and not _is_number(otherwise):
        yield Problem(f"{attribute.path}.join", f"{otherwise!r} is no number, and the type is N")


def _transformation(attribute: Attribute, by: Transformation) -> Iterator[Problem]:
    path = f"{attribute.path}.transformation"
    if isinstance(attribute.source, Collection):
        yield Problem(path, "has no place on a json-construction")
    if attribute.type not in _RESULTS[by.type]:
        allowed = ", ".join(_RESULTS[by.type])
        yield Problem(path, f"{by.type} gives {allowed}, not the type {attribute.type}")
    if by.format is None and by.type is not TransformationType.JSON:
        yield Problem(f"{path}.format", "is missing")
    elif by.format is not None:
        yield from _format(attribute, by.type, by.format)
    if by.source_format is None:
        return
    if by.type is not TransformationType.DATE:
        yield Problem(f"{path}.source_format", f"has no place in a {by.type}")
    elif not is_column_type(by.source_format) and not _is_date_format(by.source_format):
        yield Problem(f"{path}.source_format", _no_date(by.source_format))


def _format(attribute: Attribute, kind: TransformationType, text: str) -> Iterator[Problem]:
    path = f"{attribute.path}.transformation.format"
    match kind:
        case TransformationType.DATE if not _is_date_format(text):
            yield Problem(path, _no_date(text))
        case TransformationType.DATE if attribute.type == "N" and text != UNIX:
            if LETTERS.sub("", text):
                yield Problem(path, f"{text!r} gives no number, and the type is N")
        case TransformationType.NUMBER if not DIGITS.fullmatch(text):
            yield Problem(path, f"{text!r} is no format of digits such as 0.00 or 000000")
        case TransformationType.JSON:
            yield Problem(path, "has no place in a json-parse")
        case TransformationType.STRING:
            yield from _string_format(attribute, path, text)


def _string_format(attribute: Attribute, path: str, text: str) -> Iterator[Problem]:
    count = len(attribute.source.names) if isinstance(attribute.source, Columns) else 1
    try:
        names = placeholders(text)
    except ValueError as error:
        yield Problem(path, str(error))
        return
    for name in names:
        place = position(name)
        if place is not None and place >= count:
            yield Problem(path, f"{{{name}}} has no value: there are {count}, counted from 0")


def _template(entity: Entity, attribute: Attribute, template: Template) -> Iterator[Problem]:
    try:
        placeholders(template.text)
    except ValueError as error:
        yield Problem(attribute.path, str(error))
        return
    circle = _circle(entity, (attribute.name,))
    if circle is not None:
        yield Problem(attribute.path, f"is made of itself: {' -> '.join(circle)}")


def _circle(entity: Entity, way: tuple[str, ...]) -> tuple[str, ...] | None:
    attribute = entity.attribute(way[-1])
    if attribute is None or not isinstance(attribute.source, Template):
        return None
    for name in _names(attribute.source):
        if name in way:
            return (*way, name) if name == way[0] else None
        found = _circle(entity, (*way, name))
        if found is not None:
            return found
    return None


def _names(template: Template) -> tuple[str, ...]:
    try:
        return placeholders(template.text)
    except ValueError:
        return ()  # told where that template stands


def _is_date_format(text: str) -> bool:
    return text == UNIX or LETTERS.search(text) is not None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _no_date(text: str) -> str:
    return f"{text!r} has none of YYYY, MM, DD, HH, mm, ss, and is not unix"
