"""Sizes as the service counts them, and what it would refuse in an item."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import InvalidItem, LimitExceeded
from infrastructure.dynamodb.items import (
    Item,
    check_item,
    item_size,
    key_text,
    request_size,
    shard_of,
)
from infrastructure.limits import MAX_HASH_KEY, MAX_ITEM, MAX_RANGE_KEY

KEY: Item = {"id": {"S": "ada"}}


def check(**attributes: Any) -> None:
    """Checks an item with these attributes beside its key."""
    check_item("users", KEY, {**KEY, **attributes})


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "ada"}, 3),
        ({"S": "é€😀"}, 2 + 3 + 4),
        ({"B": b"\x00\x01"}, 2),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "42"}, 2),
        ({"N": "-42"}, 3),
        ({"N": "123"}, 3),
        ({"N": "1000000"}, 2),
        ({"N": "0.00001"}, 2),
        ({"N": "1.5"}, 2),
        ({"N": "1E+20"}, 2),
        ({"N": "9" * 38}, 20),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"NULL": True}]}, 3 + (1 + 2) + (1 + 1)),
        ({"M": {}}, 3),
        ({"M": {"key": {"S": "ab"}}}, 3 + (1 + 3 + 2)),
        ({"M": {"l": {"L": [{"M": {}}]}}}, 3 + 1 + 1 + (3 + 1 + 3)),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "-1"]}, 2 + 3),
        ({"BS": [b"a", b"bc"]}, 3),
    ],
)
def test_value_has_the_documented_size(value: Any, size: int) -> None:
    assert item_size({"name": value}) == len("name") + size


def test_names_count_as_utf8() -> None:
    assert item_size({"größe": {"BOOL": True}}) == 7 + 1


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10))
def test_number_takes_a_byte_for_two_digits_one_more_and_one_for_its_sign(number: Decimal) -> None:
    digits = len("".join(map(str, number.as_tuple().digits)).strip("0"))
    expected = 1 + -(-digits // 2) + (1 if str(number).startswith("-") else 0)

    assert item_size({"": {"N": str(number)}}) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_list_takes_three_bytes_and_one_for_each_element(texts: list[str]) -> None:
    inside = sum(len(text.encode()) for text in texts)

    assert item_size({"": {"L": [{"S": text} for text in texts]}}) == 3 + len(texts) + inside


@given(st.integers(1, 200_000), st.integers(1, 200_000))
def test_sizes_of_attributes_add_up(one: int, other: int) -> None:
    assert item_size({"a": {"S": "x" * one}, "bc": {"S": "x" * other}}) == one + other + 3


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        ({"Key": KEY}, 5),
        ({"Item": {**KEY, "name": {"S": "Ada"}}}, 5 + 7),
        (
            {
                "Key": KEY,
                "ConditionExpression": "#0 = :0",
                "UpdateExpression": "SET #1 = :1",
                "ExpressionAttributeNames": {"#0": "größe", "#1": "name"},
                "ExpressionAttributeValues": {":0": {"N": "42"}, ":1": {"S": "Ada"}},
            },
            5 + 7 + 11 + (7 + 4) + (2 + 2 + 2 + 3),
        ),
    ],
)
def test_write_counts_with_its_item_or_key_and_its_expressions(request_: Any, size: int) -> None:
    assert request_size(request_) == size


def test_item_of_exactly_400_kb_is_taken() -> None:
    room = MAX_ITEM - item_size({**KEY, "text": {"S": ""}})

    check(text={"S": "x" * room})


def test_item_one_byte_larger_is_refused_with_its_largest_attribute() -> None:
    room = MAX_ITEM - item_size({**KEY, "text": {"S": ""}})

    with pytest.raises(LimitExceeded) as exceeded:
        check(text={"S": "x" * (room + 1)})

    assert exceeded.value.args == (
        "item size",
        *(409_601, 409_600, "bytes", "id=ada of users, mostly text"),
    )


@pytest.mark.parametrize(
    "number",
    [
        *("0", "-0", "1", "-1.5", "9" * 38, "0." + "9" * 38, "9" * 38 + "0" * 20, "1E-130"),
        *("9.9E+125", "-9.9E+125"),
    ],
)
def test_number_that_the_service_keeps_is_taken(number: str) -> None:
    check(amount={"N": number})


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("1" * 39, "has 39 significant digits, at most 38 are kept"),
        ("0." + "1" * 39, "has 39 significant digits, at most 38 are kept"),
        ("1E+126", "1E+126 is outside the range of stored numbers"),
        ("1E-131", "1E-131 is outside the range of stored numbers"),
        ("NaN", "NaN cannot be stored as a number"),
        ("-Infinity", "-Infinity cannot be stored as a number"),
        ("one", "'one' is not a number"),
    ],
)
def test_number_that_the_service_would_refuse_is_named(number: str, reason: str) -> None:
    with pytest.raises(InvalidItem) as invalid:
        check(amount={"N": number})

    assert invalid.value.args == ("users", "id=ada", "amount", reason)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"tags": {"SS": []}}, "tags"),
        ({"tags": {"NS": []}}, "tags"),
        ({"tags": {"BS": []}}, "tags"),
        ({"name": {"S": "half a pair: \ud83d"}}, "name"),
        ({"tags": {"SS": ["fine", "\udc00"]}}, "tags"),
        ({"counts": {"NS": ["1", "x"]}}, "counts"),
        ({"session": {"M": {"hash": {"S": "\ud800"}}}}, "session.hash"),
        ({"lines": {"L": [{"S": ""}, {"M": {"amount": {"N": "1" * 39}}}]}}, "lines[1].amount"),
    ],
)
def test_value_that_the_service_would_refuse_is_named_by_its_path(
    attributes: Any, path: str
) -> None:
    with pytest.raises(InvalidItem) as invalid:
        check(**attributes)

    assert invalid.value.attribute == path


def test_name_inside_a_map_that_utf8_cannot_encode_is_refused() -> None:
    with pytest.raises(InvalidItem) as invalid:
        check(session={"M": {"\ud800": {"S": ""}}})

    assert invalid.value.attribute == "session"


def test_empty_text_and_empty_containers_are_taken() -> None:
    check(text={"S": ""}, bytes={"B": b""}, list={"L": []}, map={"M": {}})


def test_key_must_not_be_empty() -> None:
    with pytest.raises(InvalidItem) as invalid:
        check_item("users", {"id": {"S": ""}}, {"id": {"S": ""}})

    assert invalid.value.args == ("users", "id=", "id", "a key must not be empty")


@pytest.mark.parametrize(
    ("hash_bytes", "range_bytes", "allowed"),
    [
        (MAX_HASH_KEY, MAX_RANGE_KEY, None),
        (MAX_HASH_KEY + 1, 1, MAX_HASH_KEY),
        (1, MAX_RANGE_KEY + 1, MAX_RANGE_KEY),
    ],
)
def test_keys_have_limits_of_their_own(
    hash_bytes: int, range_bytes: int, allowed: int | None
) -> None:
    key: Item = {"pk": {"S": "x" * hash_bytes}, "sk": {"S": "x" * range_bytes}}

    if allowed is None:
        check_item("events", key, key)
        return
    with pytest.raises(LimitExceeded) as exceeded:
        check_item("events", key, key)
    assert (exceeded.value.limit, exceeded.value.allowed) == ("key size", allowed)


def test_keys_are_described_for_people() -> None:
    assert key_text({"pk": {"S": "order:1"}, "sk": {"N": "7"}}) == "pk=order:1, sk=7"


def test_a_key_for_people_does_not_tell_what_is_claimed() -> None:
    assert key_text({"id": {"S": "CLAIM#email#ada@example.com#1"}}) == "id=CLAIM#email#…"


@pytest.mark.parametrize(
    ("key", "shards", "shard"),
    [("ada", 1, 0), ("ada", 256, 104), ("grace", 4, 3), ("größe", 4, 1), ("größe", 256, 137)],
)
def test_key_belongs_to_this_shard_for_ever(key: str, shards: int, shard: int) -> None:
    assert shard_of(key, shards) == shard
