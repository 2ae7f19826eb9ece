"""Passwords, sessions and bans of a user: each rule, and the event that it records."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.users import events
from domain.users.errors import SessionRefused, UserIsBanned
from domain.users.user import User
from domain.users.values import Email
from tests.users.known_users import LATER, NEXT_MONTH, SECRETS, signed_in, state, user


def test_changed_password_is_recorded_and_ends_the_session() -> None:
    known = signed_in()

    known.change_password(SECRETS[1], LATER)

    assert (known.password_hash, known.session) == (SECRETS[1], None)
    assert known.recorded_events == (
        events.PasswordChanged(user_id="ada", occurred_at=LATER),
        events.SessionEnded(
            user_id="ada", session_id="session-1", reason="password changed", occurred_at=LATER
        ),
    )


def test_reset_password_is_recorded_and_ends_the_session() -> None:
    known = signed_in()

    known.complete_password_reset(SECRETS[1], LATER)

    assert (known.password_hash, known.session) == (SECRETS[1], None)
    assert known.recorded_events == (
        events.PasswordReset(user_id="ada", occurred_at=LATER),
        events.SessionEnded(
            user_id="ada", session_id="session-1", reason="password reset", occurred_at=LATER
        ),
    )


def test_started_session_is_recorded() -> None:
    known = user()

    known.start_session("session-1", SECRETS[2], NEXT_MONTH, LATER)

    assert state(known)["session"] == {
        "id": "session-1",
        "token_hash": SECRETS[2],
        "previous_token_hash": None,
        "rotated_at": LATER.isoformat(),
        "expires_at": NEXT_MONTH.isoformat(),
    }
    assert known.recorded_events == (
        events.SessionStarted(user_id="ada", session_id="session-1", occurred_at=LATER),
    )


def test_new_session_replaces_the_one_that_runs() -> None:
    known = signed_in()

    known.start_session("session-2", SECRETS[3], NEXT_MONTH, LATER)

    assert known.session is not None
    assert known.session.id == "session-2"
    assert known.recorded_events == (
        events.SessionEnded(
            user_id="ada", session_id="session-1", reason="replaced", occurred_at=LATER
        ),
        events.SessionStarted(user_id="ada", session_id="session-2", occurred_at=LATER),
    )


def test_banned_user_cannot_start_a_session() -> None:
    known = user(is_banned=True)

    with pytest.raises(UserIsBanned) as refused:
        known.start_session("session-1", SECRETS[2], NEXT_MONTH, LATER)

    assert refused.value.user_id == "ada"
    assert (known.session, known.recorded_events) == (None, ())


@pytest.mark.parametrize(
    "change",
    [
        lambda known: known.leave(LATER),
        lambda known: known.change_email(Email("countess@example.com"), LATER),
        lambda known: known.change_password(SECRETS[1], LATER),
        lambda known: known.complete_password_reset(SECRETS[1], LATER),
    ],
    ids=["leave", "change_email", "change_password", "complete_password_reset"],
)
def test_banned_user_keeps_address_and_password(change: Callable[[User], None]) -> None:
    known = user(is_banned=True)
    before = state(known)

    with pytest.raises(UserIsBanned):
        change(known)

    assert (state(known), known.recorded_events) == (before, ())


@pytest.mark.parametrize("known", [user(), signed_in()])
def test_session_that_does_not_run_is_refused(known: User) -> None:
    with pytest.raises(SessionRefused):
        known.running_session("session-0", LATER)


def test_session_runs_until_it_expires() -> None:
    known = signed_in()

    assert known.running_session("session-1", LATER) == known.session
    with pytest.raises(SessionRefused):
        known.running_session("session-1", NEXT_MONTH)


def test_ended_session_is_recorded_with_its_reason() -> None:
    known = signed_in()

    known.end_session("signed out", LATER)

    assert known.session is None
    assert known.recorded_events == (
        events.SessionEnded(
            user_id="ada", session_id="session-1", reason="signed out", occurred_at=LATER
        ),
    )


def test_ban_is_recorded_and_ends_the_session() -> None:
    known = signed_in()

    known.ban(LATER)

    assert (known.is_banned, known.session) == (True, None)
    assert known.recorded_events == (
        events.UserBanned(user_id="ada", occurred_at=LATER),
        events.SessionEnded(
            user_id="ada", session_id="session-1", reason="banned", occurred_at=LATER
        ),
    )


def test_unbanned_user_may_sign_in_again() -> None:
    known = user(is_banned=True)

    known.unban(LATER)
    known.start_session("session-1", SECRETS[2], NEXT_MONTH, LATER)

    assert known.session is not None
    assert known.recorded_events[0] == events.UserUnbanned(user_id="ada", occurred_at=LATER)
