"""Whether the keys of a table tell the rows of its source."""

from __future__ import annotations

import pytest

from domain.errors import InvalidValue
from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Entity,
    Expression,
    Source,
    Table,
    Template,
    Transformation,
    TransformationType,
)
from infrastructure.migration.source.row_keys import RowKeys
from infrastructure.migration.source.schema import SourceColumn, SourceSchema, SourceTable

ID = SourceColumn("id", "int(11)", nullable=False)
AT = SourceColumn("at", "datetime", nullable=False)
SCHEMA = SourceSchema(
    {
        "visits": SourceTable("visits", (ID, AT), ("id", "at")),
        "users": SourceTable("users", (ID, AT), ("id",)),
        "views": SourceTable("views", (ID, AT), ()),
    }
)
DAY = Transformation(TransformationType.DATE, "YYYY-MM-DD")
WHOLE = Transformation(TransformationType.DATE, "YYYY-MM-DD HH:mm:ss")
BOTH = Transformation(TransformationType.STRING, "{0}#{at}")


def part(name: str, source: Source, by: Transformation | None = None) -> Attribute:
    return Attribute("", name, "S", source, by)


def row_keys(table: str, *parts: Attribute) -> RowKeys:
    """Of a table whose key is the first attributes, `pk` and maybe `sk`."""
    entity = Entity("", table, table, parts)
    names = [each.name for each in parts if each.name in {"pk", "sk"}]
    return RowKeys(Table("", "Items", names[0], dict(enumerate(names)).get(1), (entity,)), SCHEMA)


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ("users", [part("pk", Columns(("ID",)))]),
        ("users", [part("pk", Columns(("id",))), part("sk", Columns(("at",)), DAY)]),
        ("visits", [part("pk", Columns(("id",))), part("sk", Columns(("at",)), WHOLE)]),
        ("visits", [part("pk", Columns(("id",)), BOTH)]),
        ("visits", [part("pk", Template("{id}#{time}")), part("time", Columns(("at",)))]),
    ],
)
def test_keys_that_give_a_key_of_the_source_tell_rows(table: str, parts: list[Attribute]) -> None:
    row_keys(table, *parts).check()


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ("views", [part("pk", Columns(("id",))), part("sk", Columns(("at",)))]),
        ("users", [part("pk", Columns(("at",)))]),
        ("users", [part("pk", Expression("id + 1"))]),
        ("users", [part("pk", Template("{next}")), part("next", Expression("id + 1"))]),
        ("users", [part("pk", Columns(("id", "at")))]),
        ("visits", [part("pk", Columns(("id",))), part("sk", Columns(("at",)), DAY)]),
    ],
)
def test_keys_that_leave_something_out_tell_none(table: str, parts: list[Attribute]) -> None:
    with pytest.raises(InvalidValue, match=f"tell one row of {table} from all others"):
        row_keys(table, *parts).check()


def test_part_that_lost_something_is_not_needed_where_the_others_tell_the_row() -> None:
    keys = row_keys("users", part("pk", Columns(("ID",))), part("sk", Columns(("at",)), DAY))
    [(_, columns)] = keys.rows_of({"pk": {"S": "7"}, "sk": {"S": "2026-01-02"}})
    assert columns == {"id": "7"}
