"""What the columns of a source row are, told from a record."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.migration.contract import (
    Attribute,
    Columns,
    Lookup,
    Transformation,
    TransformationType,
)
from infrastructure.migration.conversion.columns import ColumnValue, NotReversible, to_columns
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.conversion.records import Record, to_record
from infrastructure.migration.conversion.typed import Value
from tests.migration.items.making import attribute, changed, entity, row, table, templated

DATE, STRING, NUMBER, JSON = (
    TransformationType.DATE,
    TransformationType.STRING,
    TransformationType.NUMBER,
    TransformationType.JSON,
)
NOON = datetime(2026, 1, 2, 12, 4, 5)  # noqa: DTZ001 as drivers give it


@pytest.mark.parametrize(
    ("x", "value", "column"),
    [
        (attribute("x"), "ä", "ä"),
        (attribute("x", "N"), Decimal("1.5"), Decimal("1.5")),
        (attribute("x", "B"), b"\xff", b"\xff"),
        (attribute("x", "BOOL"), True, 1),
        (attribute("x", "NULL"), None, None),
        (attribute("x"), None, None),
        (attribute("x", "SS"), frozenset({"b", "a"}), "a,b"),
        (attribute("x", "NS"), frozenset({2, 1}), "1,2"),
        (attribute("x", "M"), {"a": [Decimal("1.5"), None, "ä"]}, '{"a":[1.5,null,"ä"]}'),
        (changed("x", JSON, type="SS"), frozenset({"a,b", "c"}), '["a,b","c"]'),
        (changed("x", JSON), '{"a":1}', '{"a":1}'),
        (changed("x", NUMBER, "000000"), "000042", 42),
        (changed("x", DATE, "DD.MM.YYYY HH:mm:ss"), "02.01.2026 12:04:05", NOON),
        (changed("x", DATE, "YYYYMMDD", "date"), "20260102", date(2026, 1, 2)),
        (changed("x", DATE, "unix", type="N"), 1767355445, NOON),
        (changed("x", DATE, "YYYY-MM-DD", "DD/MM/YYYY"), "2026-01-02", "02/01/2026"),
        (changed("x", DATE, "YYYY-MM-DD HH:mm:ss", "unix"), "2026-01-02 12:04:05", 1767355445),
        (changed("x", STRING, "CART#{x}"), "CART#7", "7"),
        (changed("x", STRING, "CART#{0}#"), "CART#7#", "7"),
    ],
)
def test_a_column_is_told_from_its_attribute(
    x: Attribute, value: Value, column: ColumnValue
) -> None:
    found = to_columns(entity(attribute("id"), x), {"id": "7", "x": value})
    assert found == {"id": "7", "x": column}
    assert type(found["x"]) is type(column)


def test_columns_are_told_from_templates_that_hold_them() -> None:
    users = entity(
        templated("PK", "USER#{user_id}"),
        templated("SK", "ORDER#{day}#{number}"),
        attribute("day"),
        attribute("city", "S", Lookup(())),
        Attribute("", "name", "S", Columns(("first", "last")), Transformation(STRING, "{1}, {0}")),
        changed("kind", STRING, "#META"),
    )
    record: Record = {
        "PK": "USER#7",
        "SK": "ORDER#2026-01-02#1#2",
        "day": "2026-01-02",
        "city": "London",
        "name": "Lovelace, Ada",
        "kind": "#META",
    }
    with pytest.raises(NotReversible, match="can be read in several ways"):
        to_columns(users, record)
    assert to_columns(users, {**record, "SK": "ORDER#2026-01-02#1"}) == {
        "user_id": "7",
        "number": "1",
        "day": "2026-01-02",
        "first": "Ada",
        "last": "Lovelace",
    }


@pytest.mark.parametrize(
    ("x", "value", "reason"),
    [
        (changed("x", DATE, "YYYY-MM"), "2026-01", "leaves out DD, HH, mm, ss"),
        (changed("x", DATE, "YYYY-MM-DD"), "2026-01-02", "leaves out HH, mm, ss"),
        (changed("x", DATE, "YYYY-MM-DD", "date"), "2026", "is not written as YYYY-MM-DD"),
        (changed("x", STRING, "A#{x}"), "B#7", "is not written as A#{x}: 'B#7'"),
        (attribute("x", "SS"), frozenset({"a,b"}), "has a member with a comma"),
        (attribute("x", "M"), {"a": b"x"}, "holds bytes"),
        (attribute("x", "S", Columns(("id",))), "8", "contradicts id"),
    ],
)
def test_what_cannot_be_undone_is_named(x: Attribute, value: Value, reason: str) -> None:
    with pytest.raises(NotReversible) as refused:
        to_columns(entity(attribute("id"), x), {"id": "7", "x": value})
    assert refused.value.attribute == "x"
    assert reason in str(refused.value)


def test_a_value_that_lost_a_part_is_no_error_where_another_tells_the_column() -> None:
    month = Attribute("", "month", "S", Columns(("at",)), Transformation(DATE, "YYYY-MM"))
    users = entity(month, attribute("at"))
    record: Record = {"month": "2026-01", "at": "2026-01-02T12:04:05"}
    assert to_columns(users, record) == {"at": "2026-01-02T12:04:05"}


@given(
    st.datetimes(datetime(1000, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    st.integers(-(10**9), 10**9),
    st.sets(st.text("abc", min_size=1, max_size=2)),
    st.text(max_size=5),
    st.booleans(),
)
def test_the_columns_of_a_record_make_the_same_item_again(
    at: datetime, number: int, tags: set[str], name: str, truth: bool
) -> None:
    users = entity(
        attribute("id", "N"),
        changed("at", DATE, "DD.MM.YYYY, HH:mm:ss"),
        changed("padded", NUMBER, "00000"),
        attribute("tags", "SS"),
        changed("name", STRING, "N#{name}"),
        attribute("truth", "BOOL"),
        changed("json", JSON, type="L"),
    )
    whole = table(users)
    values: dict[str, object] = {
        "id": number,
        "at": at,
        "padded": number,
        "tags": ",".join(sorted(tags)),
        "name": name,
        "truth": truth,
        "json": "[1.50, null]",
    }
    item = to_item(whole, users, row(values, name=name))
    columns = to_columns(users, to_record(whole, item))
    assert columns.keys() == values.keys()
    assert to_item(whole, users, row(columns, name=name)) == item
