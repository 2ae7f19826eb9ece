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
from pynamodb.models import Model

from infrastructure.dynamodb.mappers.writing import item_of
from tests.property.test_reading import MODELS, EveryKindModel, outcome
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
    held = model(**data.draw(st.fixed_dictionaries({**keys, **others}) | some))

    written = outcome(item_of, held)

    theirs = outcome(lambda held: held.get_save_kwargs_from_instance(None, None)["Item"], held)
    assert written == theirs
    assert list(written) == list(theirs)


def test_a_model_that_writes_itself_is_asked() -> None:
    class OwnModel(EveryKindModel):
        def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
            return {"more": {"S": "than it declares"}, "pk": {"S": "key"}}

    assert list(item_of(OwnModel(pk="key")).items()) == [
        ("pk", {"S": "key"}),
        ("more", {"S": "than it declares"}),
    ]
