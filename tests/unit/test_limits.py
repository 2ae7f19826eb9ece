"""The limits of DynamoDB to the byte, without an item."""

from __future__ import annotations

import pytest

from application.errors import InvalidItem, LimitExceeded
from infrastructure.limits import (
    Record,
    can_be_key,
    check_item_size,
    check_record,
    number_size,
    record_size,
)

KEYS = ("pk", "sk")


def check(**record: str | int) -> None:
    """Checks a record with these attributes, its keys among them."""
    check_record("events", KEYS, {"pk": "order:1", "sk": 7, **record})


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        *(("", False), ("x", True), ("x" * 10, True), ("x" * 11, False)),
        *(("é" * 5, True), ("é" * 6, False), ("a b", True), ("a\nb", False), ("\ud800", False)),
    ],
)
def test_key_is_printable_and_has_so_many_bytes_at_most(text: str, is_key: bool) -> None:
    assert can_be_key(text, 10) is is_key


@pytest.mark.parametrize(
    ("number", "size"),
    [
        *(("0", 1), ("7", 2), ("42", 2), ("-42", 3), ("+42", 2), ("123", 3), ("1000000", 2)),
        *(("0.00001", 2), ("1.5", 2), ("1E+20", 2), ("1e-20", 2), ("-1e5", 3), ("9" * 38, 20)),
    ],
)
def test_number_has_the_documented_size(number: str, size: int) -> None:
    assert number_size(number) == size


@pytest.mark.parametrize(
    ("record", "size"),
    [({"größe": True}, 7 + 1), ({"a": "é", "bc": 42}, 1 + 2 + 2 + 2), ({"n": -42}, 1 + 3), ({}, 0)],
)
def test_record_takes_the_bytes_of_its_names_and_values(record: Record, size: int) -> None:
    assert record_size(record) == size


def test_item_of_400_kb_is_the_largest() -> None:
    check_item_size(409_600, "there", [], len)

    with pytest.raises(LimitExceeded) as exceeded:
        check_item_size(409_601, "there", ["id", "text"], len)

    assert exceeded.value.args == (*("item size", 409_601, 409_600, "bytes", "there, mostly text"),)


def test_record_that_is_too_large_is_refused_with_its_largest_attribute() -> None:
    with pytest.raises(LimitExceeded) as exceeded:
        check(long="x" * 500_000, number=1)

    assert exceeded.value.where == "pk=order:1, sk=7 of events, mostly long"


@pytest.mark.parametrize(("name", "most"), [("pk", 2048), ("sk", 1024)])
def test_keys_have_limits_of_their_own(name: str, most: int) -> None:
    check(**{name: "x" * most})

    with pytest.raises(LimitExceeded) as exceeded:
        check(**{name: "x" * (most + 1)})

    assert exceeded.value.args == (*("key size", most + 1, most, "bytes", f"{name} of events"),)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udc00b"])
def test_half_a_pair_is_no_text(text: str) -> None:
    with pytest.raises(InvalidItem) as invalid:
        check(name=text)

    assert (invalid.value.attribute, invalid.value.key) == ("name", "pk=order:1, sk=7")


@pytest.mark.parametrize("text", ["\ud7ff", "\ue000", "\U0001f4a5"])
def test_text_beside_the_halves_is_text(text: str) -> None:
    check(name=text)


def test_keys_are_named_before_other_attributes_and_those_by_their_names() -> None:
    named = []
    for record in ({"a": "\ud800", "sk": "\ud800"}, {"b": "\ud800", "a": "\ud800"}):
        with pytest.raises(InvalidItem) as invalid:
            check(**record)
        named.append(invalid.value.attribute)

    assert named == ["sk", "a"]
