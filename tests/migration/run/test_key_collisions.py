"""Whether two rows could become one item, told from the contract and the schema alone."""

from __future__ import annotations

import pytest

from infrastructure.migration.claims.key_collisions import keys_may_collide
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
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable


def source(table: str, key: tuple[str, ...], /, **columns: str) -> SourceTable:
    found = tuple(SourceColumn(each, kind, nullable=False) for each, kind in columns.items())
    return SourceTable(table, found, key, (("email",),) if "email" in columns else ())


SCHEMA = SourceSchema(
    {
        "users": source("users", ("id",), id="int(11)", email="varchar(90)", name="varchar(9)"),
        "lines": source("lines", ("sku", "line"), sku="varchar(9)", line="int(11)", n="float"),
        "words": source("words", ("one", "two"), one="varchar(9)", two="varchar(9)"),
        "loose": source("loose", (), id="int(11)"),
    }
)
DATE = Transformation(TransformationType.DATE, "YYYY-MM-DD")
BOTH = Transformation(TransformationType.STRING, "{0}#{1}")


def key(
    source: Source, type_: AttributeType = "S", transformation: Transformation | None = None
) -> Attribute:
    return Attribute("", "k", type_, source, transformation)


def entity(table: str, *attributes: Attribute) -> Entity:
    return Entity("", table, table, attributes)


def collides(*entities: Entity) -> bool:
    return keys_may_collide(Table("", "Items", "k", None, entities), SCHEMA)


@pytest.mark.parametrize(
    ("table", "attribute"),
    [
        ("users", key(Columns(("id",)), "N")),
        ("users", key(Columns(("ID",)))),
        ("users", key(Columns(("email",)))),
        ("users", key(Template("USER#{id}"))),
        ("users", key(Template("{name}#{id}"))),
        ("lines", key(Template("{sku}#{line}"))),
        ("lines", key(Columns(("line", "sku")), "S", BOTH)),
    ],
)
def test_keys_from_which_a_rows_key_can_be_read_do_not_collide(
    table: str, attribute: Attribute
) -> None:
    assert not collides(entity(table, attribute))


@pytest.mark.parametrize(
    ("table", "attribute"),
    [
        ("users", key(Columns(("name",)))),
        ("users", key(Columns(("email",)), "N")),
        ("users", key(Columns(("id",)), "S", DATE)),
        ("lines", key(Columns(("sku",)))),
        ("lines", key(Template("{sku}{line}"))),
        ("lines", key(Template("{sku}1{line}"))),
        ("words", key(Template("{one}#{two}"))),
        ("loose", key(Columns(("id",)), "N")),
    ],
)
def test_keys_that_leave_something_out_may_collide(table: str, attribute: Attribute) -> None:
    assert collides(entity(table, attribute))


def test_entities_are_apart_by_what_their_keys_begin_with() -> None:
    user = entity("users", key(Template("USER#{id}")))
    assert not collides(user, entity("lines", key(Template("LINE#{sku}#{line}"))))
    assert collides(user, entity("lines", key(Template("USER#{sku}#{line}"))))
    assert collides(user, entity("lines", key(Template("US{sku}#{line}"))))
