"""Every rule about who a user is, and the event that each behaviour records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import fields
from attrs.exceptions import FrozenAttributeError, FrozenInstanceError

from domain.errors import InvalidValue
from domain.users import events
from domain.users.user import User
from domain.users.values import Email, Role
from tests.times import NOW
from tests.users.known_users import LATER, SECRETS, signed_in, state, user


def test_registered_user_is_an_unverified_member_at_version_zero() -> None:
    known = User.register(
        id="ada",
        first_name=" Ada ",
        last_name="Lovelace",
        email=Email("ada@example.com"),
        password_hash=SECRETS[0],
        now=NOW,
    )

    assert state(known) == {
        "id": "ada",
        "version": 0,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "password_hash": SECRETS[0],
        "role": "member",
        "is_email_verified": False,
        "is_banned": False,
        "session": None,
    }
    assert known.recorded_events == (
        events.UserRegistered(
            user_id="ada",
            email="ada@example.com",
            first_name="Ada",
            last_name="Lovelace",
            role="member",
            occurred_at=NOW,
        ),
    )


def test_role_is_chosen_by_whoever_registers() -> None:
    admin = User.register(
        id="ada",
        first_name="Ada",
        last_name="Lovelace",
        email=Email("ada@example.com"),
        password_hash="-",
        role=Role.ADMIN,
        now=NOW,
    )

    assert admin.role is Role.ADMIN


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(" ", "Lovelace", "first_name"), ("Ada", "", "last_name"), ("Ada", "x" * 101, "last_name")],
)
def test_user_cannot_register_without_a_proper_name(first: str, last: str, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        User.register(
            id="ada",
            first_name=first,
            last_name=last,
            email=Email("ada@example.com"),
            password_hash="-",
            now=NOW,
        )

    assert refused.value.field == field


def test_verified_email_is_recorded() -> None:
    known = user()

    known.verify_email(LATER)

    assert known.is_email_verified
    assert known.recorded_events == (
        events.EmailVerified(user_id="ada", email="ada@example.com", occurred_at=LATER),
    )


def test_changed_name_is_recorded_trimmed() -> None:
    known = user()

    known.change_name(" Augusta ", "King", LATER)

    assert (known.first_name, known.last_name) == ("Augusta", "King")
    assert known.recorded_events == (
        events.NameChanged(
            user_id="ada", first_name="Augusta", last_name="King", occurred_at=LATER
        ),
    )


@pytest.mark.parametrize(("first", "last"), [("", "King"), ("Augusta", "\n"), ("A" * 101, "King")])
def test_name_that_is_none_is_refused_and_changes_nothing(first: str, last: str) -> None:
    known = user()

    with pytest.raises(InvalidValue):
        known.change_name(first, last, LATER)

    assert (state(known), known.recorded_events) == (state(user()), ())


def test_changed_email_is_recorded_and_unverified() -> None:
    known = user(is_email_verified=True)

    known.change_email(Email("countess@example.com"), LATER)

    assert (known.email.value, known.is_email_verified) == ("countess@example.com", False)
    assert known.recorded_events == (
        events.EmailChanged(
            user_id="ada",
            previous_email="ada@example.com",
            email="countess@example.com",
            occurred_at=LATER,
        ),
    )


def test_user_who_leaves_says_so_and_stays_the_same() -> None:
    known = user()

    known.leave(LATER)

    assert state(known) == state(user())
    assert known.recorded_events == (
        events.UserRemoved(user_id="ada", email="ada@example.com", occurred_at=LATER),
    )


@pytest.mark.parametrize(
    ("changes", "behaviour"),
    [
        ({"is_email_verified": True}, lambda known: known.verify_email(LATER)),
        ({}, lambda known: known.change_name("Ada ", "Lovelace", LATER)),
        (
            {"is_email_verified": True},
            lambda known: known.change_email(Email("ada@example.com"), LATER),
        ),
        ({"is_banned": True}, lambda known: known.ban(LATER)),
        ({}, lambda known: known.unban(LATER)),
        ({}, lambda known: known.end_session("signed out", LATER)),
    ],
    ids=["verify_email", "change_name", "change_email", "ban", "unban", "end_session"],
)
def test_what_is_so_already_changes_nothing_and_records_nothing(
    changes: dict[str, Any], behaviour: Callable[[User], None]
) -> None:
    known = user(**changes)

    behaviour(known)

    assert (state(known), known.recorded_events) == (state(user(**changes)), ())


@pytest.mark.parametrize("name", [attribute.name for attribute in fields(User)])
def test_no_attribute_can_be_assigned_from_outside(name: str) -> None:
    with pytest.raises(FrozenAttributeError):
        setattr(user(), name, "changed")


def test_unknown_attribute_cannot_be_assigned_either() -> None:
    with pytest.raises(AttributeError):
        setattr(user(), "is_admin", True)  # noqa: B010 that it does not exist is the point


def test_session_and_events_cannot_be_changed() -> None:
    known = signed_in()
    known.ban(LATER)

    with pytest.raises(FrozenInstanceError):
        signed_in().session.id = "other"  # type: ignore[misc, union-attr]  # what must fail
    with pytest.raises(FrozenInstanceError):
        known.recorded_events[0].occurred_at = NOW  # type: ignore[misc]  # what must fail


def test_committed_drops_the_events_that_were_stored_and_no_later_ones() -> None:
    known = user()
    known.ban(NOW)
    known.unban(LATER)

    known.committed(2, known.recorded_events[:1])

    assert known.version == 2
    assert known.recorded_events == (events.UserUnbanned(user_id="ada", occurred_at=LATER),)


def test_users_are_equal_only_to_themselves() -> None:
    known = user()

    assert known == known  # noqa: PLR0124 identity is what is compared
    assert known != user()
