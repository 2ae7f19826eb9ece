"""What becomes of each kind of value, and which of them no item can hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from infrastructure.dynamodb.items import Value
from infrastructure.migration.contract import (
    Attribute,
    AttributeType,
    Collection,
    Columns,
    Lookup,
    Source,
    Step,
    Table,
    TransformationType,
)
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.rows import RowRejected, SourceRow, Unreadable, ZeroDate
from tests.migration.items.making import (
    attribute,
    changed,
    entity,
    index,
    row,
    table,
    templated,
)

DATE, STRING, NUMBER, JSON = (
    TransformationType.DATE,
    TransformationType.STRING,
    TransformationType.NUMBER,
    TransformationType.JSON,
)
WIDE = Decimal("123456789012345678901234567890.12345678")
NOON = datetime(2026, 1, 2, 12, 4, 5)  # noqa: DTZ001 as drivers give it


def _table(value: Attribute) -> Table:
    return table(entity(attribute("id"), value))


def converted(value: Attribute, given: object, **columns: object) -> Value | None:
    whole = _table(value)
    item = to_item(whole, whole.entities[0], row({"id": "7", value.name: given}, **columns))
    assert item["id"] == {"S": "7"}
    assert item.keys() <= {"id", value.name}
    return item.get(value.name)


def rejection(value: Attribute, given: object) -> RowRejected:
    with pytest.raises(RowRejected) as rejected:
        converted(value, given)
    return rejected.value


@pytest.mark.parametrize(
    ("type", "given", "expected"),
    [
        ("S", "ä😀\0", {"S": "ä😀\0"}),
        ("S", "", {"S": ""}),
        ("S", -7, {"S": "-7"}),
        ("S", Decimal("19.90"), {"S": "19.90"}),
        ("S", Decimal("1E+3"), {"S": "1000"}),
        ("S", 0.1, {"S": "0.1"}),
        ("S", NOON, {"S": "2026-01-02T12:04:05"}),
        ("S", NOON.replace(microsecond=20), {"S": "2026-01-02T12:04:05.000020"}),
        ("S", date(2026, 1, 2), {"S": "2026-01-02"}),
        ("S", timedelta(hours=3, minutes=4, seconds=5), {"S": "03:04:05"}),
        ("S", -timedelta(hours=838, minutes=59, seconds=59), {"S": "-838:59:59"}),
        ("S", timedelta(seconds=1, microseconds=5), {"S": "00:00:01.000005"}),
        ("S", "ä".encode(), {"S": "ä"}),
        ("N", 2**64 - 1, {"N": "18446744073709551615"}),
        ("N", WIDE, {"N": "123456789012345678901234567890.12345678"}),
        ("N", Decimal("-1.50"), {"N": "-1.5"}),
        ("N", Decimal("-0.0"), {"N": "0"}),
        ("N", 1e22, {"N": "10000000000000000000000"}),
        ("N", 0.1 + 0.2, {"N": "0.30000000000000004"}),
        ("N", "007", {"N": "7"}),
        ("N", "-1.5e3", {"N": "-1500"}),
        ("B", b"\xff\0", {"B": b"\xff\0"}),
        ("B", "ä", {"B": "ä".encode()}),
        ("BOOL", 1, {"BOOL": True}),
        ("BOOL", 0, {"BOOL": False}),
        ("BOOL", b"\x01", {"BOOL": True}),
        ("BOOL", b"\x00", {"BOOL": False}),
        ("BOOL", "1", {"BOOL": True}),
        ("BOOL", "False", {"BOOL": False}),
        ("BOOL", Decimal(1), {"BOOL": True}),
        ("NULL", None, {"NULL": True}),
        ("S", None, None),
        ("SS", "red,blue", {"SS": ["blue", "red"]}),
        ("SS", "", None),
        ("SS", '["b", "a,c"]', {"SS": ["a,c", "b"]}),
        ("NS", "[1.0, 2]", {"NS": ["1", "2"]}),
        ("NS", "3,1", {"NS": ["1", "3"]}),
        ("BS", '["ä"]', {"BS": ["ä".encode()]}),
        ("L", '[1, null, [true]]', {"L": [{"N": "1"}, {"NULL": True}, {"L": [{"BOOL": True}]}]}),
        ("M", '{"a": 1.10}', {"M": {"a": {"N": "1.1"}}}),
    ],
)  # fmt: skip
def test_a_value_arrives_exactly(
    type: AttributeType, given: object, expected: Value | None
) -> None:
    assert converted(attribute("x", type), given) == expected


@pytest.mark.parametrize(
    ("type", "given", "reason"),
    [
        ("S", ZeroDate("2026-00-02"), "is a zero date, 2026-00-02"),
        ("S", "0000-00-00 00:00:00", "is a zero date, 0000-00-00 00:00:00"),
        ("N", ZeroDate("0000-00-00"), "is a zero date"),
        ("S", b"\xff", "is binary and no UTF-8 text"),
        ("S", "\ud800", "UTF-8 cannot encode"),
        ("S", float("nan"), "is nan"),
        ("S", Unreadable("is a list of too many bytes"), "is a list of too many bytes"),
        ("N", Decimal("1" * 39), "has 39 significant digits"),
        ("N", 10**126, "outside the range"),
        ("N", Decimal("1E-131"), "outside the range"),
        ("N", float("inf"), "is inf"),
        ("N", "1_000", "is text that is no number: '1_000'"),
        ("N", "", "is text that is no number"),
        ("N", "NaN", "is text that is no number"),
        ("N", date(2026, 1, 2), "is date, not a number"),
        ("N", b"12", "is bytes, not a number"),
        ("B", 5, "is int, not binary"),
        ("BOOL", 2, "is neither true nor false: 2"),
        ("BOOL", "yes", "is neither true nor false"),
        ("NULL", 5, "is not NULL: 5"),
        ("SS", "[1]", "holds 1, which is no text"),
        ("SS", '["a", "a"]', "holds 'a' twice"),
        ("SS", "[a]", "is no JSON"),
        ("NS", "[1, 1.0]", "holds '1' twice"),
        ("NS", "[true]", "holds True, which is no number"),
        ("M", "[]", "is no JSON object"),
        ("L", "{}", "is no JSON array"),
        ("M", '{"a": NaN}', "NaN"),
        ("M", '{"a": 1, "a": 2}', "the name 'a' twice"),
        ("L", "[" * 33 + "]" * 33, "nested deeper than 32"),
        ("L", "[" * 32 + "1" + "]" * 32, "nested deeper than 32"),
        ("L", "[" * 9999 + "]" * 9999, "nested"),
        ("L", 5, "is int, not text"),
        ("M", "{", "is no JSON"),
    ],
)
def test_a_value_that_cannot_arrive_exactly_rejects_its_row(
    type: AttributeType, given: object, reason: str
) -> None:
    rejected = rejection(attribute("x", type, Columns(("the_column",))), given)
    assert rejected.column == "the_column"
    assert reason in rejected.reason


def test_text_that_only_looks_like_a_date_with_a_zero_arrives() -> None:
    assert converted(attribute("sku"), "1234-00-17") == {"S": "1234-00-17"}


@pytest.mark.parametrize(
    ("pattern", "source_format", "given", "expected"),
    [
        ("YYYY-MM", None, NOON, "2026-01"),
        ("DD.MM.YYYY ss.SSS", "timestamp", NOON.replace(microsecond=7800), "02.01.2026 05.007"),
        ("YYYYMMDD", None, date(2026, 1, 2), "20260102"),
        ("unix", None, NOON, "1767355445"),
        ("unix", None, NOON.replace(microsecond=500000), "1767355445.5"),
        ("YYYY-MM-DDTHH:mm:ssZ", "unix", 1767355445, "2026-01-02T12:04:05Z"),
        ("YYYY-MM-DD", "DD/MM/YYYY", "02/01/2026", "2026-01-02"),
        ("YYYY-MM-DD", "YYYYMMDD", 20260102, "2026-01-02"),
        ("YYYY-MM-DD", "DDMMYYYY", Decimal(2012026), "2026-01-02"),
        ("HH:mm", None, timedelta(hours=3), "03:00"),
    ],
)  # fmt: skip
def test_dates_are_written_in_the_letters_of_the_format(
    pattern: str, source_format: str | None, given: object, expected: str
) -> None:
    assert converted(changed("x", DATE, pattern, source_format), given) == {"S": expected}


@pytest.mark.parametrize(
    ("source_format", "given", "reason"),
    [
        (None, ZeroDate("0000-00-00"), "is a zero date"),
        ("timestamp", "2026-00-01", "is a zero date"),
        ("YYYY-MM-DD", "2026-00-01", "is a zero date"),
        ("YYYY-MM-DD", "2026-02-30", "is no date"),
        ("YYYY-MM-DD", "2026-2-3", "is not written as YYYY-MM-DD"),
        (None, "yesterday", "no source_format says"),
        (None, timedelta(hours=25), "is a time of 25:00:00, no date"),
        (None, 7, "is int, not a date"),
        ("YYYYMMDD", 0, "is a zero date, 00000000"),
        ("YYYYMMDD", 20260230, "is no date"),
        ("unix", 10**15, "is no date"),
    ],
)
def test_what_is_no_date_rejects_its_row(
    source_format: str | None, given: object, reason: str
) -> None:
    assert reason in rejection(changed("x", DATE, "YYYY", source_format), given).reason


@pytest.mark.parametrize(
    ("pattern", "given", "expected"),
    [
        ("0.00", Decimal("4.335"), "4.34"),
        ("0.00", -5, "-5.00"),
        ("000000", 42, "000042"),
        ("00.0", Decimal("-1.25"), "-01.3"),
        ("0", Decimal("-0.4"), "0"),
    ],
)
def test_numbers_are_written_with_the_digits_of_the_format(
    pattern: str, given: object, expected: str
) -> None:
    assert converted(changed("x", NUMBER, pattern), given) == {"S": expected}
    as_number = converted(changed("x", NUMBER, pattern, type="N"), given)
    assert as_number is not None
    assert Decimal(as_number["N"]) == Decimal(expected)


def test_strings_are_filled_with_columns_by_place_and_by_name() -> None:
    both = changed("x", STRING, "{1}, {0} ({other}) {first}")
    whole = evolve(both, source=Columns(("first", "last")))
    found = converted(whole, ("Ada", "Lovelace"), other=7, first="Ada")
    assert found == {"S": "Lovelace, Ada (7) Ada"}
    assert converted(whole, (None, "Lovelace"), other=7, first=None) is None
    assert converted(changed("x", STRING, "#META"), None) == {"S": "#META"}


def test_a_string_may_name_a_column_that_an_attribute_holds() -> None:
    whole = table(entity(attribute("id"), changed("x", STRING, "U#{id}")))
    item = to_item(whole, whole.entities[0], row({"id": 7, "x": "other"}, id=7))
    assert item["x"] == {"S": "U#7"}


def test_json_kept_as_text_is_checked_and_compact_and_keeps_its_digits() -> None:
    given = ' { "a b" : [ 1.10, 1e5 , "x  \\" y" ] } '
    assert converted(changed("x", JSON), given) == {"S": '{"a b":[1.10,1e5,"x  \\" y"]}'}
    assert "is no JSON" in rejection(changed("x", JSON), "{").reason


@pytest.mark.parametrize(
    ("source", "type", "given", "expected"),
    [
        (Collection("t", "c", (), is_list=True), "L", None, {"L": []}),
        (Collection("t", "c", (), is_list=True, limit=1), "L", "[1, 2]", {"L": [{"N": "1"}]}),
        (Collection("t", "c", (), is_list=True, limit=2), "S", '[1, "a,]", 3]', {"S": '[1,"a,]"]'}),
        (Collection("t", "c", (), is_list=False), "M", '[{"a": 1}, 2]', {"M": {"a": {"N": "1"}}}),
        (Collection("t", "c", (), is_list=False), "M", "[ ]", None),
        (Collection("t", "c", (), is_list=False), "M", None, None),
    ],
)
def test_a_collection_becomes_a_list_or_its_first_map(
    source: Source, type: AttributeType, given: object, expected: Value | None
) -> None:
    assert converted(attribute("x", type, source), given) == expected


def test_a_map_is_read_although_what_follows_it_is_cut_off() -> None:
    first = attribute("x", "M", Collection("t", "c", (), is_list=False))
    assert converted(first, '[{"a": 1}, {"a":]') == {"M": {"a": {"N": "1"}}}
    assert "is no JSON" in rejection(first, '[{"a":]').reason


def test_a_list_that_could_not_be_read_whole_rejects_its_row() -> None:
    lists = attribute("x", "L", Collection("t", "c", (), is_list=True))
    assert rejection(lists, Unreadable("the list is too long")).reason == "the list is too long"


def test_templates_are_filled_with_attributes_before_columns() -> None:
    whole = table(
        entity(
            templated("PK", "USER#{email}#{SK}"),
            templated("SK", "{year}-{n}"),
            attribute("email"),
            attribute("n", "N"),
        ),
        hash_key="PK",
        range_key="SK",
    )
    values = {"email": "a@b", "n": Decimal("7.0")}
    item = to_item(whole, whole.entities[0], row(values, year=2026, email="not this"))
    assert item["PK"] == {"S": "USER#a@b#2026-7"}
    assert item["SK"] == {"S": "2026-7"}


def test_templates_in_a_circle_are_an_error_of_the_contract() -> None:
    whole = table(entity(templated("id", "{b}"), templated("b", "{id}")))
    with pytest.raises(ValueError, match="name each other: b, id"):
        to_item(whole, whole.entities[0], row({"x": 1}))


def test_items_of_a_table_with_several_entities_tell_theirs() -> None:
    user, order = entity(attribute("id")), entity(attribute("id"), name="ORDER")
    assert to_item(table(user, order), order, row({"id": "7"})) == {
        "id": {"S": "7"},
        "entity_type": {"S": "ORDER"},
    }
    assert "entity_type" not in to_item(table(user), user, row({"id": "7"}))


@pytest.mark.parametrize(
    ("id_", "state", "column", "reason"),
    [
        (None, "x", "id", "is NULL, but part of the key"),
        ("", "x", "id", "is empty"),
        ("ä" * 1025, "x", "id", "has 2050 bytes, a key at most 2048"),
        ("7", "", "state_code", "is empty"),
        ("7", "x" * 1025, "state_code", "has 1025 bytes, a key at most 1024"),
    ],
)
def test_what_cannot_be_a_key_of_table_or_index_rejects_its_row(
    id_: str | None, state: str, column: str, reason: str
) -> None:
    by_state = index("by_state", "id", "state")
    users = entity(attribute("id"), attribute("state", "S", Columns(("state_code",))))
    whole = table(users, indexes=(by_state,))
    with pytest.raises(RowRejected, match=reason) as rejected:
        to_item(whole, users, row({"id": id_, "state": state}))
    assert rejected.value.column == column


def test_an_item_without_an_index_key_is_just_not_in_the_index() -> None:
    users = entity(attribute("id"), attribute("state"))
    whole = table(users, indexes=(index("by_state", "state"),))
    assert to_item(whole, users, row({"id": "7", "state": None})) == {"id": {"S": "7"}}


def test_an_item_beyond_the_limit_is_rejected_by_its_largest_column() -> None:
    rejected = rejection(attribute("x", "B", Columns(("photo",))), bytes(400 * 1024))
    assert rejected.column == "photo"
    assert "at most 409600" in rejected.reason


def test_a_lookup_that_finds_several_rows_rejects_its_row() -> None:
    lookup = Lookup((Step("categories", "c", ("c.id = users.c",), "c.name"),))
    users = entity(attribute("id"), attribute("category", "S", lookup))
    values = {"id": "7", "category": "a"}
    with pytest.raises(RowRejected) as rejected:
        to_item(table(users), users, SourceRow({"id": "7"}, values, {}, {"category": 2}))
    assert str(rejected.value) == "category: matches 2 rows of categories"
    one = SourceRow({"id": "7"}, values, {}, {"category": 1})
    assert to_item(table(users), users, one)["category"] == {"S": "a"}
