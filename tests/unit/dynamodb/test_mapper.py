"""A class and its model have the same attributes; what is stored is read or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, frozen, setters
from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from application.errors import UnreadableState
from domain.aggregate import Aggregate
from domain.errors import NotFound
from infrastructure.aggregates.aggregate_type import AggregateType
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.aggregates import Mapper
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.dynamodb.models.base import AggregateModel
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.table_names import TableNames
from tests.samples.models import PersonModel
from tests.samples.people import PERSON
from tests.unit.dynamodb.scripted import gateway

STORED: Item = {
    "id": {"S": "ada"},
    "version": {"N": "3"},
    "commits": {"L": [{"S": "commit-1"}]},
    "heldClaims": {"L": [{"S": "CLAIM#email#ada@example.com"}]},
    "listShard": {"S": "PERSON#0"},
    "firstName": {"S": "Ada"},
    "lastName": {"S": "Lovelace"},
    "email": {"S": "ada@example.com"},
    "role": {"S": "member"},
    "isEmailVerified": {"BOOL": True},
    "isBanned": {"BOOL": True},
    "badge": {
        "M": {
            "id": {"S": "badge"},
            "code": {"S": "code"},
            "issuedAt": {"S": "2046-11-20T12:00:00+00:00"},
            "expiresAt": {"S": "2046-12-20T12:00:00+00:00"},
        }
    },
}


BESIDE: dict[str, Any] = {"commits": ("c",), "claims": frozenset(), "list_shard": None}
"""What an item has beside a state."""


@frozen
class Line:
    product: str
    amount: int


@define(kw_only=True, eq=False, on_setattr=setters.frozen)
class Basket(Aggregate):
    owner: str
    lines: list[Line]
    note: str | None = None


BASKETS = AggregateType("Basket", "baskets", Basket, lambda id_: NotFound("Basket", id_))


class LineAttribute(MapAttribute[str, Any]):
    product = UnicodeAttribute()
    amount = NumberAttribute()


class BasketModel(AggregateModel):
    class Meta:
        table_name = "baskets"

    owner = UnicodeAttribute()
    lines: ListAttribute[Any] = ListAttribute(of=LineAttribute)
    note = UnicodeAttribute(null=True)


def mismatch(model: type[AggregateModel]) -> str:
    """The complaint about a model that does not fit `Basket`."""
    with pytest.raises(TypeError) as raised:
        Mapper(BASKETS, model)
    return str(raised.value)


def test_model_without_an_attribute_of_the_class_is_refused_by_its_name() -> None:
    class Forgetful(AggregateModel):
        class Meta:
            table_name = "baskets"

        lines: ListAttribute[Any] = ListAttribute(of=LineAttribute)
        note = UnicodeAttribute(null=True)

    assert mismatch(Forgetful) == (
        "Basket and Forgetful differ: not in the model: ['owner'], only in the model: []"
    )


def test_model_with_an_attribute_of_no_field_is_refused_by_its_name() -> None:
    class Talkative(BasketModel):
        colour = UnicodeAttribute()

    assert mismatch(Talkative) == (
        "Basket and Talkative differ: not in the model: [], only in the model: ['colour']"
    )


def test_difference_inside_a_list_of_maps_is_named_with_its_path() -> None:
    class ShortLine(MapAttribute[str, Any]):
        product = UnicodeAttribute()
        price = NumberAttribute()

    class Nested(BasketModel):
        lines: ListAttribute[Any] = ListAttribute(of=ShortLine)

    assert mismatch(Nested) == (
        "Basket.lines and ShortLine differ: "
        "not in the model: ['amount'], only in the model: ['price']"
    )


def test_class_inside_needs_a_map() -> None:
    class Flat(BasketModel):
        lines: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)

    assert mismatch(Flat) == "Basket.lines is a Line: its attribute must be a MapAttribute"


def test_map_of_any_content_may_hold_a_class() -> None:
    class Raw(BasketModel):
        lines: ListAttribute[Any] = ListAttribute(of=MapAttribute)

    state = {"id": "b", "owner": "ada", "lines": [{"product": "ink", "amount": 2}], "note": None}
    mapper = Mapper(BASKETS, Raw)
    model = mapper.to_model({**state, "version": 1}, **BESIDE)
    item = item_of(model)

    assert mapper.to_state(item) == {**state, "version": 1}


def test_attribute_that_the_item_needs_for_itself_is_refused() -> None:
    @define(kw_only=True, eq=False, on_setattr=setters.frozen)
    class Policy(Aggregate):
        held_claims: list[str]

    class PolicyModel(AggregateModel):
        class Meta:
            table_name = "policies"

    policies = AggregateType("Policy", "policies", Policy, lambda id_: NotFound("Policy", id_))

    with pytest.raises(TypeError) as refused:
        Mapper(policies, PolicyModel)

    assert str(refused.value) == (
        "Policy has attributes that its item needs for itself: ['held_claims']"
    )


def test_type_without_a_model_is_refused() -> None:
    provider = DynamoDBProvider(gateway({}), TableNames())

    with pytest.raises(TypeError, match="no model is declared for Basket"):
        provider.table(BASKETS)


def test_provider_with_a_model_that_does_not_fit_is_not_made() -> None:
    class Talkative(BasketModel):
        colour = UnicodeAttribute()

    with pytest.raises(TypeError, match=r"Basket and Talkative differ: .* \['colour'\]"):
        DynamoDBProvider(gateway({}), TableNames(), {BASKETS: Talkative})


def test_lists_of_maps_are_written_and_read_back() -> None:
    mapper = Mapper(BASKETS, BasketModel)
    basket = Basket(id="b", owner="ada", lines=[Line("ink", 2), Line("paper", 500)])

    model = mapper.to_model({**BASKETS.to_state(basket), "version": 1}, **BESIDE)
    item = item_of(model)
    read = BASKETS.from_state(mapper.to_state(item))

    assert (read.lines, read.note, read.version) == (basket.lines, None, 1)


def test_stored_item_is_read_attribute_by_attribute() -> None:
    person = PERSON.from_state(Mapper(PERSON, PersonModel).to_state(STORED))

    assert (person.id, person.version, person.first_name, person.is_banned) == (
        "ada",
        3,
        "Ada",
        True,
    )
    assert person.badge is not None
    assert (person.badge.id, person.badge.previous_code) == ("badge", None)


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        *(("version", "version"), ("commits", "commits"), ("firstName", "first_name")),
        *(("lastName", "last_name"), ("email", "email")),
    ],
)
def test_item_without_a_needed_attribute_is_unreadable_by_its_name(stored: str, name: str) -> None:
    item = {key: value for key, value in STORED.items() if key != stored}

    assert name in unreadable(item).problems


def test_badge_without_a_needed_attribute_is_unreadable_by_its_path() -> None:
    badge = {"M": {k: v for k, v in STORED["badge"]["M"].items() if k != "issuedAt"}}

    assert "badge.issued_at" in unreadable({**STORED, "badge": badge}).problems


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("firstName", {"N": "1"}), ("isBanned", {"S": "yes"}), ("version", {"S": "three"})),
        *(("badge", {"S": "none"}), ("email", {"NULL": True})),
    ],
)
def test_attribute_of_another_type_is_unreadable_by_its_name(name: str, value: Any) -> None:
    assert name.lower() in unreadable({**STORED, name: value}).problems.replace("_", "").lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [("role", {"S": "emperor"}), ("badge", {"M": {}})],
)
def test_value_that_the_class_does_not_know_is_unreadable_by_its_name(
    name: str, value: Any
) -> None:
    assert name in unreadable({**STORED, name: value}).problems


def test_unreadable_item_is_named_by_type_and_id() -> None:
    error = unreadable({"id": {"S": "ada"}})

    assert (error.aggregate_type, error.aggregate_id) == ("Person", "ada")


def test_attribute_that_came_later_has_its_default_in_older_items() -> None:
    older = {key: STORED[key] for key in STORED if key not in ("role", "isBanned", "badge")}

    person = PERSON.from_state(Mapper(PERSON, PersonModel).to_state(older))

    assert (person.role.value, person.is_banned, person.badge) == ("member", False, None)


def test_attributes_of_a_later_version_are_passed_over() -> None:
    later = {**STORED, "nickname": {"S": "Countess"}}

    assert Mapper(PERSON, PersonModel).to_state(later) == Mapper(PERSON, PersonModel).to_state(
        STORED
    )


def unreadable(item: Item) -> UnreadableState:
    """How reading this item as a person fails."""
    with pytest.raises(UnreadableState) as raised:
        PERSON.from_state(Mapper(PERSON, PersonModel).to_state(item))
    return raised.value
