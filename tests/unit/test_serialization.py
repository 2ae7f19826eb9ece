"""The one converter: plain data out, the same object back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import orjson
import pytest
from attrs import field, frozen
from attrs.validators import gt
from cattrs.errors import ClassValidationError
from hypothesis import given
from hypothesis import strategies as st

from application.errors import UnreadableState
from infrastructure.serialization import CONVERTER, is_single_value, json_decoder
from tests.samples.people import PERSON, Email, Role, new_person


@frozen
class Amount:
    value: int


class Colour(Enum):
    RED = "red"


@frozen
class Everything:
    amount: Amount
    at: datetime
    colour: Colour
    emails: list[Email]
    maybe: Amount | None = None


WHOLE = Everything(
    amount=Amount(7),
    at=datetime(2046, 11, 20, 12, 0, 0, 1, tzinfo=UTC),
    colour=Colour.RED,
    emails=[Email("ada@example.com")],
    maybe=Amount(8),
)
PLAIN = {
    "amount": 7,
    "at": "2046-11-20T12:00:00.000001+00:00",
    "colour": "red",
    "emails": ["ada@example.com"],
    "maybe": 8,
}


def test_objects_become_plain_data() -> None:
    assert CONVERTER.unstructure(WHOLE) == PLAIN


def test_plain_data_becomes_the_object_again() -> None:
    assert CONVERTER.structure(PLAIN, Everything) == WHOLE


def test_what_is_none_stays_none() -> None:
    plain = {**PLAIN, "maybe": None}

    assert CONVERTER.unstructure(CONVERTER.structure(plain, Everything)) == plain


# Not in zones by name: a timestamp there, when clocks go back, equals no timestamp elsewhere.
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_timestamp_comes_back_to_the_microsecond(timestamp: datetime) -> None:
    stored = CONVERTER.unstructure(timestamp, unstructure_as=datetime)

    assert CONVERTER.structure(stored, datetime) == timestamp


def test_offset_of_a_timestamp_is_kept() -> None:
    timestamp = datetime(2046, 11, 20, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert CONVERTER.unstructure(timestamp) == "2046-11-20T12:00:00+05:30"


@pytest.mark.parametrize(
    ("cls", "single"),
    [(Email, True), (Amount, True), (Everything, False), (Role, False), (str, False)],
)
def test_class_of_one_value_is_stored_as_that_value(cls: Any, single: bool) -> None:
    assert is_single_value(cls) is single


def test_rebuilding_asks_no_rule_of_today() -> None:
    assert CONVERTER.structure("not an address", Email) == Email("not an address")


def test_constructor_that_refuses_is_an_error() -> None:
    @frozen
    class Positive:
        amount: int = field(validator=gt(0))

    with pytest.raises(ClassValidationError):
        CONVERTER.structure({"amount": 0}, Positive)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"role": "emperor"}, "role"),
        ({"version": "many"}, "version"),
        ({"badge": {"id": "b", "code": "c", "issued_at": "noon"}}, "badge"),
    ],
)
def test_state_that_does_not_fit_is_unreadable_and_names_the_attribute(
    change: dict[str, Any], named: str
) -> None:
    state = {**PERSON.to_state(new_person(id="ada")), **change}

    with pytest.raises(UnreadableState) as unreadable:
        PERSON.from_state(state)

    assert (unreadable.value.aggregate_type, unreadable.value.aggregate_id) == ("Person", "ada")
    assert named in unreadable.value.problems


def test_state_without_a_needed_attribute_is_unreadable_and_names_it() -> None:
    state = {**PERSON.to_state(new_person(id="ada"))}
    del state["first_name"]

    with pytest.raises(UnreadableState) as unreadable:
        PERSON.from_state(state)

    assert "first_name" in unreadable.value.problems


def test_recorded_events_are_no_part_of_the_state() -> None:
    assert "_recorded" not in PERSON.to_state(new_person())
    assert PERSON.from_state(PERSON.to_state(new_person())).recorded_events == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", None),
        ("first_name", 7),
        ("first_name", ["x"]),
        ("version", "3"),
        ("version", 3.0),
        ("version", True),
        ("is_banned", 1),
        ("is_banned", "yes"),
        ("email", 7),
    ],
)
def test_state_of_another_type_is_not_bent_until_it_fits(name: str, value: object) -> None:
    state = {**PERSON.to_state(new_person(id="ada")), name: value}

    with pytest.raises(UnreadableState, match=name):
        PERSON.from_state(state)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_number_that_is_none_cannot_be_stored(number: float) -> None:
    with pytest.raises(ValueError, match="cannot be stored"):
        CONVERTER.unstructure(number, unstructure_as=float)


@frozen
class Part:
    name: str
    size: float
    colour: Colour
    since: datetime | None = None


@frozen(kw_only=True)
class Parts:
    count: int
    is_whole: bool
    parts: tuple[Part, ...]
    others: list[str | None] = field(factory=list)


DATES = ["2046-11-20T12:00:00+00:00", "2046-11-20T12:00:00.000001+02:00", "2046-11-20T12:00:00"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.sampled_from([1.0, 0.5, 1e300, -0.0]),
    st.sampled_from(["red", "blue", "", "x", "2046-11-20", "1", *DATES]),
)
PARTS = st.fixed_dictionaries(
    {
        "name": st.just("x") | SCALARS,
        "size": st.just(1) | SCALARS,
        "colour": st.just("red") | SCALARS,
    },
    optional={"since": st.sampled_from(DATES) | SCALARS, "more": SCALARS},
)
WHOLES = st.fixed_dictionaries(
    {
        "count": st.just(1) | SCALARS,
        "is_whole": st.just(True) | SCALARS,
        "parts": st.lists(PARTS, max_size=2) | SCALARS,
    },
    optional={"others": st.lists(SCALARS, max_size=2) | SCALARS},
)


@given(WHOLES | st.dictionaries(st.sampled_from(["count", "parts"]), SCALARS) | SCALARS)
def test_what_is_decoded_at_once_is_what_the_converter_makes(plain: Any) -> None:
    decode = json_decoder(Parts)
    assert decode is not None
    try:
        decoded = decode(orjson.dumps(plain))
    except ValueError:
        return  # the converter is asked

    assert repr(decoded) == repr(CONVERTER.structure(plain, Parts))


def test_what_is_well_formed_is_decoded_at_once() -> None:
    part = Part("x", 1.5, Colour.RED, datetime(2046, 11, 20, tzinfo=UTC))
    whole = Parts(count=1, is_whole=True, parts=(part,), others=["a", None])
    decode = json_decoder(Parts)
    assert decode is not None
    assert decode(orjson.dumps(CONVERTER.unstructure(whole))) == whole


@frozen
class Checked:
    count: int = field(validator=gt(0))


@frozen
class Converted:
    count: int = field(converter=abs)


@frozen
class Hidden:
    _count: int


@frozen
class Left:
    count: int = field(init=False, default=1)


@pytest.mark.parametrize(
    "kind",
    [
        *[Checked, Converted, Hidden, Left, Amount, Everything],
        *[bytes, set[str], dict[str, int], tuple[int, str], int | str, Any],
    ],
)
def test_what_msgspec_would_read_otherwise_is_left_to_the_converter(kind: Any) -> None:
    assert json_decoder(kind) is None
