"""Every state a person can be in survives the way to the wire and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.dynamodb.items import Item, check_item
from infrastructure.dynamodb.mappers.aggregates import Mapper
from infrastructure.dynamodb.mappers.writing import item_of
from tests.samples.models import PersonModel
from tests.samples.people import PERSON, Badge, Email, Person, Role
from tests.wire import TEXTS, TIMESTAMPS, over_the_wire

MAPPER = Mapper(PERSON, PersonModel)

BADGES = st.builds(
    Badge,
    id=TEXTS,
    code=TEXTS,
    previous_code=st.none() | TEXTS,
    issued_at=TIMESTAMPS,
    expires_at=TIMESTAMPS,
)
PEOPLE_IN_ANY_STATE = st.builds(
    Person,
    id=TEXTS.filter(bool),
    version=st.integers(0, 10**38 - 1),
    first_name=TEXTS,
    last_name=TEXTS,
    email=st.builds(Email, TEXTS),
    role=st.sampled_from(Role),
    is_email_verified=st.booleans(),
    is_banned=st.booleans(),
    badge=st.none() | BADGES,
)


def to_item(person: Person) -> Item:
    """The item as the transaction hands it to the client."""
    model = MAPPER.to_model(
        PERSON.to_state(person),
        commits=("commit-1",),
        claims=frozenset(PERSON.claims(person)),
        list_shard="PERSON#0",
    )
    return item_of(model)


def read_back(person: Person) -> Person:
    return PERSON.from_state(MAPPER.to_state(over_the_wire(to_item(person))))


def values(person: Person) -> dict[str, Any]:
    """Every attribute of a person, as the objects they are."""
    return {field.name: getattr(person, field.name) for field in fields(Person) if field.init}


@given(PEOPLE_IN_ANY_STATE)
def test_person_is_read_back_as_it_was_stored(person: Person) -> None:
    assert values(read_back(person)) == values(person)


@given(PEOPLE_IN_ANY_STATE)
def test_state_is_read_back_as_it_was_stored(person: Person) -> None:
    """So a person who was read and not changed is recognised as unchanged."""
    state = PERSON.to_state(person)

    assert MAPPER.to_state(over_the_wire(to_item(person))) == state
    assert PERSON.to_state(PERSON.from_state(state)) == state


@given(PEOPLE_IN_ANY_STATE)
def test_no_state_makes_an_item_that_the_service_refuses(person: Person) -> None:
    item = to_item(person)

    if len(person.id.encode()) <= 2048:
        check_item("people", {"id": item["id"]}, item)


WHOLE = Person(
    id="ada",
    version=3,
    first_name="Ada",
    last_name="Lovelace",
    email=Email("ada@example.com"),
    badge=Badge(
        id="badge-1",
        code="token",
        previous_code="before",
        issued_at=datetime(2046, 11, 20, tzinfo=UTC),
        expires_at=datetime(2046, 12, 20, tzinfo=UTC),
    ),
)

CHANGES: dict[str, Any] = {
    "id": "bob",
    "version": 4,
    "first_name": "Augusta",
    "last_name": "King",
    "email": Email("countess@example.com"),
    "role": Role.ADMIN,
    "is_email_verified": True,
    "is_banned": True,
    "badge": None,
}

BADGE_CHANGES: dict[str, Callable[[Badge], Any]] = {
    "id": lambda _: "badge-2",
    "code": lambda _: "other token",
    "previous_code": lambda _: None,
    "issued_at": lambda badge: badge.issued_at + timedelta(microseconds=1),
    "expires_at": lambda badge: badge.expires_at + timedelta(microseconds=1),
}


def test_every_attribute_has_a_change_to_be_tried() -> None:
    assert CHANGES.keys() == values(WHOLE).keys()
    assert BADGE_CHANGES.keys() == {field.name for field in fields(Badge)}


@pytest.mark.parametrize("name", CHANGES)
def test_each_attribute_changed_alone_is_seen_again(name: str) -> None:
    changed = PERSON.from_state(PERSON.to_state(Person(**{**values(WHOLE), name: CHANGES[name]})))

    assert to_item(changed) != to_item(WHOLE)
    assert values(read_back(changed)) == {**values(WHOLE), name: CHANGES[name]}


@pytest.mark.parametrize("name", BADGE_CHANGES)
def test_each_attribute_of_the_badge_changed_alone_is_seen_again(name: str) -> None:
    assert WHOLE.badge is not None
    badge = evolve(WHOLE.badge, **{name: BADGE_CHANGES[name](WHOLE.badge)})

    changed = Person(**{**values(WHOLE), "badge": badge})

    assert badge != WHOLE.badge
    assert read_back(changed).badge == badge
