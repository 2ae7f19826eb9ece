"""Items are read as their models would read them, whatever is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from infrastructure.dynamodb.mappers.reading import plain, reader_of
from infrastructure.dynamodb.models import SHARED
from tests.samples.models import PersonModel
from tests.wire import TEXTS


class InnerAttribute(MapAttribute[str, Any]):
    text = UnicodeAttribute(attr_name="t")
    number = NumberAttribute(null=True)


class EveryKindModel(Model):
    class Meta:
        table_name = "every-kind"

    pk = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(attr_name="n", null=True)
    flag = BooleanAttribute(null=True)
    binary = BinaryAttribute(legacy_encoding=False, null=True)
    texts = UnicodeSetAttribute()
    numbers = NumberSetAttribute()
    json = JSONAttribute(null=True)
    moment = UTCDateTimeAttribute(null=True)
    gone_at = TTLAttribute(null=True)
    words: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)
    inners: ListAttribute[Any] = ListAttribute(of=InnerAttribute, null=True)
    blobs: ListAttribute[Any] = ListAttribute(of=BinaryAttribute, null=True)
    anything: ListAttribute[Any] = ListAttribute(null=True)
    inner = InnerAttribute()  # type: ignore[no-untyped-call]  # as in PynamoDB
    raw: MapAttribute[str, Any] = MapAttribute(null=True)
    standing_in = UnicodeAttribute(default="that")


NUMBERS = st.one_of(
    st.integers(-(10**38), 10**38).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    TEXTS,
)
TEXTS_OF_FORMATS = st.sampled_from(["2046-11-20T12:00:00.000000+0000", "{}", "[1]"])
KINDS: Mapping[str, st.SearchStrategy[Any]] = {
    "S": (TEXTS | TEXTS_OF_FORMATS).map(lambda text: {"S": text}),
    "N": NUMBERS.map(lambda number: {"N": number}),
    "B": st.binary().map(lambda data: {"B": data}),
    "BOOL": st.booleans().map(lambda flag: {"BOOL": flag}),
    "SS": st.lists(TEXTS, min_size=1).map(lambda texts: {"SS": texts}),
    "NS": st.lists(NUMBERS, min_size=1).map(lambda numbers: {"NS": numbers}),
    "M": st.deferred(lambda: MAPS.map(lambda held: {"M": held})),
    "L": st.deferred(lambda: st.lists(VALUES, max_size=2).map(lambda held: {"L": held})),
}
VALUES: st.SearchStrategy[Any] = st.one_of(*KINDS.values(), st.just({"NULL": True}), st.just({}))
MAPS: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(["t", "number", "text"]), VALUES, max_size=2
)
MODELS = [EveryKindModel, PersonModel, *SHARED.values()]


def outcome(of: Any, held: Any) -> Any:
    try:
        return of(held)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_an_item_is_read_as_its_model_reads_it(model: type[Model], data: st.DataObject) -> None:
    kinds = {each.attr_name: each.attr_type for each in model.get_attributes().values()}
    fitting = {name: KINDS[kind] for name, kind in kinds.items()}
    item = data.draw(
        st.fixed_dictionaries({}, optional=fitting)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(kinds, VALUES))
    )

    read = outcome(reader_of(model), item)

    assert read == outcome(lambda item: plain(model.from_raw_data(dict(item))), item)


def test_an_item_as_its_model_says_is_read_without_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = reader_of(PersonModel)
    monkeypatch.setattr(PersonModel, "from_raw_data", None)

    assert read({"id": {"S": "ada"}, "version": {"N": "3"}}) == {
        "id": "ada",
        "version": 3,
        "badge": None,
    }
