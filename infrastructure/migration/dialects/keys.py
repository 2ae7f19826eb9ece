"""Keys and indexes, which both dialects write alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from infrastructure.migration.contract import Attribute, Entity, Index, Projection, Template
from infrastructure.migration.dialects.document import Place

COMPOSITE = "#"
"""Between the attributes that the name of a key lists: `customer_id#placed_at`."""


def read_indexes(places: Place) -> tuple[Index, ...]:
    """The indexes of a table."""
    return tuple(_read_index(place) for place in places.elements())


def _read_index(place: Place) -> Index:
    found = place.fields(["pk"], ["index_name", "name", "sk", "projection", "projected_attributes"])
    names = [found[key] for key in ("index_name", "name") if not found[key].is_absent]
    if isinstance(place.value, dict) and len(names) != 1:
        found["index_name"].wrong("is missing" if not names else "stands beside name: one of both")
    projected = found["projected_attributes"]
    return Index(
        path=place.path,
        name=names[0].text() if names else "",
        hash_key=found["pk"].text(),
        range_key=found["sk"].optional_text(),
        projection=found["projection"].choice(Projection) or "ALL",
        projected=tuple(each.required_text() for each in projected.elements()),
    )


def read_names(place: Place) -> tuple[tuple[str, ...], ...]:
    """The lists of attributes in `unique` and `not_unique`."""
    return tuple(each.texts() for each in place.elements())


def with_composite_keys(entity: Entity, keys: Iterable[tuple[str, str]]) -> Entity:
    """The entity with an attribute for each key whose name lists attributes that it has.

    Args:
        entity: As it was read.
        keys: The name of a key, and its path.
    """
    return evolve(entity, attributes=(*entity.attributes, *_composites(entity, dict(keys))))


def _composites(entity: Entity, keys: dict[str, str]) -> Iterator[Attribute]:
    listed = {attribute.name for attribute in entity.attributes}
    for name, path in keys.items():
        parts = name.split(COMPOSITE)
        if name not in listed and len(parts) > 1 and listed.issuperset(parts):
            text = COMPOSITE.join(f"{{{part}}}" for part in parts)
            yield Attribute(path=path, name=name, type="S", source=Template(text))


def key_paths(table: Place, indexes: Iterable[Index]) -> Iterator[tuple[str, str]]:
    """Every key of a table and its indexes, with its path."""
    for index in indexes:
        if index.range_key is not None:
            yield index.range_key, f"{index.path}.sk"
        yield index.hash_key, f"{index.path}.pk"
    for key in ("sk", "pk"):
        name = table.value.get(key) if isinstance(table.value, dict) else None
        if isinstance(name, str):
            yield name, f"{table.path}.{key}"
