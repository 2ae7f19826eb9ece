"""Whatever a row holds, each value arrives exactly, or the row is rejected with its column."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from infrastructure.dynamodb.items import Item, check_item
from infrastructure.migration.contract import AttributeType, Columns
from infrastructure.migration.conversion import json_text
from infrastructure.migration.conversion.converter import to_item
from infrastructure.migration.conversion.numbers import number_text
from infrastructure.migration.conversion.records import from_record, to_record
from infrastructure.migration.conversion.typed import python, typed
from infrastructure.migration.rows import RowRejected
from tests.migration.items.making import attribute, entity, row, table, templated

TYPES: tuple[AttributeType, ...] = get_args(AttributeType)

decimals = st.decimals(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | st.integers() | decimals | st.text(max_size=9)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
given_values = st.one_of(
    st.none(),
    st.integers(),
    decimals,
    st.floats(),
    st.text(max_size=20),
    st.text(st.characters(), max_size=9),
    st.binary(max_size=9),
    st.datetimes(),
    st.dates(),
    st.timedeltas(timedelta(hours=-838), timedelta(hours=838)),
    documents.map(json_text.render),
    st.sampled_from(["0", "1", "true", "a,b", "", "1.50", "[]", "{}", b"\x00", 0, 1]),
)


def _was(given: object, stored: object) -> bool:
    """Whether what was stored is what was given, told without the code under test."""
    if isinstance(stored, frozenset | list | dict):
        return _was_collection(_text(given), stored)
    if isinstance(stored, bool):
        return stored == (given in (1, "1", "true", b"\x01"))
    match given:
        case datetime() | date():
            return given.isoformat() == stored
        case timedelta():
            return given == _duration(str(stored))
        case float():
            return repr(float(str(stored))) == repr(given + 0.0)
        case int() | Decimal():
            return Decimal(str(stored)) == given
        case str() if isinstance(stored, int | Decimal):
            return Decimal(given) == stored
        case _:
            return _text(given) == _text(stored)


def _was_collection(
    given: str, stored: frozenset[object] | list[object] | dict[str, object]
) -> bool:
    if not isinstance(stored, frozenset):
        return json_text.parse(given) == stored
    members = json_text.parse(given) if given.startswith("[") else given.split(",")
    assert isinstance(members, list)
    if any(isinstance(each, int | Decimal) for each in stored):
        return {Decimal(each) for each in members} == stored
    return sorted(members) == sorted(map(_text, stored))


def _text(value: object) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)


def _duration(text: str) -> timedelta:
    hours, minutes, seconds = text.lstrip("-").split(":")
    whole, _, fraction = seconds.partition(".")
    parts = timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(whole),
        microseconds=int(fraction or 0),
    )
    return -parts if text.startswith("-") else parts


def _converted(kind: AttributeType, value: object) -> Item | RowRejected:
    users = entity(attribute("id"), attribute("x", kind, Columns(("the_column",))))
    try:
        return to_item(table(users), users, row({"id": "7", "x": value}))
    except RowRejected as rejected:
        return rejected


@given(st.sampled_from(TYPES), given_values)
def test_every_value_arrives_exactly_or_is_rejected_with_column_and_reason(
    kind: AttributeType, value: object
) -> None:
    match _converted(kind, value):
        case RowRejected(column=column, reason=reason):
            assert column == "the_column"
            assert reason
        case {"x": stored}:
            assert stored.keys() == {kind}
            assert kind == "NULL" or _was(value, python(stored))
        case _:
            assert value in (None, "", b"", "[]")


@given(st.sampled_from(TYPES), given_values)
def test_what_is_made_of_a_row_is_what_the_service_takes(
    kind: AttributeType, value: object
) -> None:
    item = _converted(kind, value)
    if not isinstance(item, RowRejected):
        check_item("Users", {"id": item["id"]}, item)


@given(st.sampled_from(TYPES), given_values)
def test_an_item_is_the_same_after_a_way_through_a_record(
    kind: AttributeType, value: object
) -> None:
    users = entity(
        attribute("name"),
        attribute("n", "N"),
        attribute("x", kind),
        templated("id", "U#{name}#{n}"),
        templated("place", "{town}"),
    )
    whole = table(users)
    try:
        item = to_item(whole, users, row({"name": "a", "n": "7.50", "x": value}, town="Bonn"))
    except RowRejected:
        return
    record = to_record(whole, item)
    assert from_record(whole, users, record) == item


@given(decimals)
def test_a_number_has_one_text(number: Decimal) -> None:
    try:
        text = number_text(number)
    except ValueError:
        return
    assert Decimal(text) == number
    assert number_text(Decimal(text)) == text
    assert number_text(Decimal(f"{text}{'' if '.' in text else '.'}00")) == text


@given(documents)
def test_a_document_is_the_same_after_a_way_through_its_stored_form(document: object) -> None:
    try:
        stored = typed(document)
    except ValueError:
        return
    assert typed(python(stored)) == stored
    assert python(stored) == document


@given(st.lists(documents, max_size=4), st.integers(0, 3))
def test_the_elements_of_an_array_are_found_in_any_layout(array: list[object], spaces: int) -> None:
    texts = [json_text.render(each) for each in array]
    gap = " \n\t"[:spaces]
    text = f"{gap}[{gap}" + f"{gap},{gap}".join(texts) + f"{gap}]{gap}"
    assert json_text.elements(text) == texts
    assert json_text.parse(json_text.compact(text)) == array
