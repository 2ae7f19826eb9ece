"""Items are written as PynamoDB would write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    ListAttribute,
    MapAttribute,
    TTLAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from infrastructure.dynamodb.items import holding
from infrastructure.dynamodb.mappers.reading import plain
from infrastructure.dynamodb.mappers.writing import Constant, item_of, put_of
from infrastructure.dynamodb.models.base import ClaimModel
from tests.property.test_reading import MODELS, EveryKindModel, outcome
from tests.samples.models import PersonModel
from tests.wire import TEXTS

MOMENTS = st.datetimes(timezones=st.just(UTC))
KINDS: Mapping[str, st.SearchStrategy[Any]] = {
    "S": TEXTS,
    "N": st.integers(-(10**38), 10**38) | st.floats(allow_nan=False, allow_infinity=False),
    "B": st.binary(),
    "BOOL": st.booleans(),
    "SS": st.sets(TEXTS, max_size=2),
    "NS": st.sets(st.integers(), max_size=2),
}


def values_of(attribute: Any) -> st.SearchStrategy[Any]:
    if isinstance(attribute, (TTLAttribute, UTCDateTimeAttribute)):
        return MOMENTS
    if isinstance(attribute, ListAttribute):
        return st.lists(_members(attribute.element_type), max_size=2)
    if isinstance(attribute, MapAttribute):
        if attribute.is_raw():
            return st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=2)
        inner = {name: values_of(each) for name, each in attribute.get_attributes().items()}
        return st.fixed_dictionaries({}, optional=inner).map(lambda given: type(attribute)(**given))
    return KINDS[attribute.attr_type]


def _members(element: type[Attribute[Any]] | None) -> st.SearchStrategy[Any]:
    if element is None:
        return TEXTS
    return st.binary() if element is BinaryAttribute else values_of(element())


def _is_key(attribute: Attribute[Any]) -> bool:
    return attribute.is_hash_key or attribute.is_range_key


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_an_item_is_written_as_pynamodb_writes_it(model: type[Model], data: st.DataObject) -> None:
    attributes = model.get_attributes().items()
    keys = {name: values_of(each) for name, each in attributes if _is_key(each)}
    others = {name: values_of(each) for name, each in attributes if not _is_key(each)}
    some = st.fixed_dictionaries(keys, optional=others)
    values = data.draw(st.fixed_dictionaries({**keys, **others}) | some)
    held = model(**values)

    written = outcome(item_of, holding(model, values))

    theirs = outcome(lambda held: held.get_save_kwargs_from_instance(None, None)["Item"], held)
    assert written == theirs
    assert list(written) == list(theirs)
    assert plain(holding(model, values)) == plain(held)


def test_a_model_that_writes_itself_is_asked() -> None:
    class OwnModel(EveryKindModel):
        def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
            return {"more": {"S": "than it declares"}, "pk": {"S": "key"}}

    assert list(item_of(OwnModel(pk="key")).items()) == [
        ("pk", {"S": "key"}),
        ("more", {"S": "than it declares"}),
    ]


def test_an_attribute_that_a_model_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="height"):
        holding(PersonModel, {"id": "ada", "height": 3})


def test_a_model_that_makes_itself_is_asked() -> None:
    class OwnModel(PersonModel):
        def __init__(self, **values: Any) -> None:
            super().__init__(**{**values, "id": "mine"})

    assert holding(OwnModel, {"id": "ada"}).id == "mine"


CONDITIONS = [
    ClaimModel.id.does_not_exist(),
    ClaimModel.owner == "ada",
    (ClaimModel.owner < "ada") | ClaimModel.id.exists(),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("other", [None, *CONDITIONS], ids=str)
def test_a_constant_condition_is_written_as_any_other(
    condition: Condition, other: Condition | None
) -> None:
    claim = ClaimModel(id="CLAIM#email#ada", owner="ada", commits=["1"])
    plainly, constantly = [
        each if other is None else each & other for each in (condition, Constant(condition))
    ]

    theirs = claim.get_save_kwargs_from_instance(plainly, "ALL_OLD")

    assert put_of(claim, constantly) == put_of(claim, plainly)
    assert {"TableName": "claims", **put_of(claim, plainly)} == theirs
