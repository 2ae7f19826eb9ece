"""Every state a user can be in survives the way to the wire and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from domain.users.user import User
from domain.users.values import Email, Role, Session
from infrastructure.contexts.users import USER
from infrastructure.dynamodb.items import Item, check_item
from infrastructure.dynamodb.mappers.aggregates import Mapper
from infrastructure.dynamodb.mappers.writing import item_of
from infrastructure.dynamodb.models.users import UserModel
from tests.wire import TEXTS, TIMESTAMPS, over_the_wire

MAPPER = Mapper(USER, UserModel)

SESSIONS = st.builds(
    Session,
    id=TEXTS,
    token_hash=TEXTS,
    previous_token_hash=st.none() | TEXTS,
    rotated_at=TIMESTAMPS,
    expires_at=TIMESTAMPS,
)
USERS_IN_ANY_STATE = st.builds(
    User,
    id=TEXTS.filter(bool),
    version=st.integers(0, 10**38 - 1),
    first_name=TEXTS,
    last_name=TEXTS,
    email=st.builds(Email, TEXTS),
    password_hash=TEXTS,
    role=st.sampled_from(Role),
    is_email_verified=st.booleans(),
    is_banned=st.booleans(),
    session=st.none() | SESSIONS,
)


def to_item(user: User) -> Item:
    """The item as the transaction hands it to the client."""
    model = MAPPER.to_model(
        USER.to_state(user),
        commits=("commit-1",),
        claims=frozenset(USER.claims(user)),
        list_shard="USER#0",
    )
    return item_of(model)


def read_back(user: User) -> User:
    return USER.from_state(MAPPER.to_state(over_the_wire(to_item(user))))


def values(user: User) -> dict[str, Any]:
    """Every attribute of a user, as the objects they are."""
    return {field.name: getattr(user, field.name) for field in fields(User) if field.init}


@given(USERS_IN_ANY_STATE)
def test_user_is_read_back_as_it_was_stored(user: User) -> None:
    assert values(read_back(user)) == values(user)


@given(USERS_IN_ANY_STATE)
def test_state_is_read_back_as_it_was_stored(user: User) -> None:
    """So a user who was read and not changed is recognised as unchanged."""
    state = USER.to_state(user)

    assert MAPPER.to_state(over_the_wire(to_item(user))) == state
    assert USER.to_state(USER.from_state(state)) == state


@given(USERS_IN_ANY_STATE)
def test_no_state_makes_an_item_that_the_service_refuses(user: User) -> None:
    item = to_item(user)

    if len(user.id.encode()) <= 2048:
        check_item("users", {"id": item["id"]}, item)


WHOLE = User(
    id="ada",
    version=3,
    first_name="Ada",
    last_name="Lovelace",
    email=Email("ada@example.com"),
    password_hash="hash",
    session=Session(
        id="session-1",
        token_hash="token",
        previous_token_hash="before",
        rotated_at=datetime(2046, 11, 20, tzinfo=UTC),
        expires_at=datetime(2046, 12, 20, tzinfo=UTC),
    ),
)

CHANGES: dict[str, Any] = {
    "id": "bob",
    "version": 4,
    "first_name": "Augusta",
    "last_name": "King",
    "email": Email("countess@example.com"),
    "password_hash": "other hash",
    "role": Role.ADMIN,
    "is_email_verified": True,
    "is_banned": True,
    "session": None,
}

SESSION_CHANGES: dict[str, Callable[[Session], Any]] = {
    "id": lambda _: "session-2",
    "token_hash": lambda _: "other token",
    "previous_token_hash": lambda _: None,
    "rotated_at": lambda session: session.rotated_at + timedelta(microseconds=1),
    "expires_at": lambda session: session.expires_at + timedelta(microseconds=1),
}


def test_every_attribute_has_a_change_to_be_tried() -> None:
    assert CHANGES.keys() == values(WHOLE).keys()
    assert SESSION_CHANGES.keys() == {field.name for field in fields(Session)}


@pytest.mark.parametrize("name", CHANGES)
def test_each_attribute_changed_alone_is_seen_again(name: str) -> None:
    changed = USER.from_state(USER.to_state(User(**{**values(WHOLE), name: CHANGES[name]})))

    assert to_item(changed) != to_item(WHOLE)
    assert values(read_back(changed)) == {**values(WHOLE), name: CHANGES[name]}


@pytest.mark.parametrize("name", SESSION_CHANGES)
def test_each_attribute_of_the_session_changed_alone_is_seen_again(name: str) -> None:
    assert WHOLE.session is not None
    session = evolve(WHOLE.session, **{name: SESSION_CHANGES[name](WHOLE.session)})

    changed = User(**{**values(WHOLE), "session": session})

    assert session != WHOLE.session
    assert read_back(changed).session == session
