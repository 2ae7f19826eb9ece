"""Who may exchange which refresh-token secret when: the whole decision table."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import frozen

from application.users.refresh_session import RefreshSession
from application.users.tokens import RefreshClaims, UserTokens, secret_hash
from domain.users import events
from domain.users.errors import RefreshTokenSuperseded, SessionRefused
from domain.users.user import PREVIOUS_SECRET_GRACE, User
from domain.users.values import Rotation
from infrastructure.contexts.registered import REGISTERED
from infrastructure.contexts.users import USER
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY
from infrastructure.system.tokens import JwtSigner
from tests.stores import Store, memory_store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW
from tests.users.samples import new_user

ROTATED_AT = NOW + timedelta(days=1)
EXPIRES_AT = NOW + timedelta(days=30)
WITHIN = ROTATED_AT + PREVIOUS_SECRET_GRACE
AFTER = WITHIN + timedelta(microseconds=1)
EXPIRED = EXPIRES_AT
LAST_MOMENT = EXPIRES_AT - timedelta(microseconds=1)


def user() -> User:
    """A user whose session was rotated from `previous` to `current`."""
    known = new_user(id="ada")
    known.start_session("session-1", "previous", EXPIRES_AT, NOW)
    known.rotate_session(
        "session-1",
        presented_hash="previous",
        next_hash="current",
        expires_at=EXPIRES_AT,
        now=ROTATED_AT,
    )
    known.committed(1, known.recorded_events)
    return known


@frozen
class Kept:
    """Nothing was changed; what was raised, by its exact type."""

    error: type[SessionRefused]


def rotate(known: User, secret: str, now: datetime, session_id: str = "session-1") -> object:
    """What presenting the secret comes to."""
    before = USER.to_state(known)
    try:
        return known.rotate_session(
            session_id,
            presented_hash=secret,
            next_hash="next",
            expires_at=now + timedelta(days=30),
            now=now,
        )
    except SessionRefused as refused:
        assert (USER.to_state(known), known.recorded_events) == (before, ())
        return Kept(type(refused))


@pytest.mark.parametrize(
    ("secret", "now", "outcome"),
    [
        ("current", ROTATED_AT, Rotation.ROTATED),
        ("current", WITHIN, Rotation.ROTATED),
        ("current", AFTER, Rotation.ROTATED),
        ("current", LAST_MOMENT, Rotation.ROTATED),
        ("current", EXPIRED, Kept(SessionRefused)),
        # The clock is behind the one that rotated.
        ("previous", ROTATED_AT - timedelta(seconds=1), Kept(RefreshTokenSuperseded)),
        ("previous", ROTATED_AT - timedelta(hours=3), Kept(RefreshTokenSuperseded)),
        # It is ahead of the one that rotated, and the answer got lost a moment ago.
        ("previous", ROTATED_AT + timedelta(minutes=5), Kept(RefreshTokenSuperseded)),
        ("previous", ROTATED_AT, Kept(RefreshTokenSuperseded)),
        ("previous", WITHIN, Kept(RefreshTokenSuperseded)),
        ("previous", AFTER, Rotation.REUSED),
        ("previous", LAST_MOMENT, Rotation.REUSED),
        ("previous", EXPIRED, Kept(SessionRefused)),
        ("older", ROTATED_AT, Rotation.REUSED),
        ("older", AFTER, Rotation.REUSED),
        ("older", EXPIRED, Kept(SessionRefused)),
        ("", AFTER, Rotation.REUSED),
    ],
)
def test_secret_of_the_running_session(secret: str, now: datetime, outcome: object) -> None:
    assert rotate(user(), secret, now) == outcome


@pytest.mark.parametrize("secret", ["current", "previous", "older"])
def test_no_secret_rotates_another_session(secret: str) -> None:
    assert rotate(user(), secret, WITHIN, session_id="session-2") == Kept(SessionRefused)


@pytest.mark.parametrize("secret", ["current", "previous", "older"])
def test_no_secret_rotates_a_session_that_has_ended(secret: str) -> None:
    known = user()
    known.end_session("signed out", ROTATED_AT)
    known.committed(2, known.recorded_events[:1])

    assert rotate(known, secret, WITHIN) == Kept(SessionRefused)


@pytest.mark.parametrize("secret", ["current", "previous", "older"])
def test_no_secret_rotates_the_session_of_a_banned_user(secret: str) -> None:
    # A ban ends the session; one that is stored beside a ban all the same is worth nothing.
    banned = USER.from_state({**USER.to_state(user()), "is_banned": True})

    assert rotate(banned, secret, WITHIN) == Kept(SessionRefused)


def test_user_without_a_session_has_none_to_rotate() -> None:
    known = new_user()
    known.committed(1, known.recorded_events[:1])

    assert rotate(known, "current", NOW) == Kept(SessionRefused)


def test_first_secret_of_a_session_has_none_before_it() -> None:
    known = new_user()
    known.start_session("session-1", "first", EXPIRES_AT, NOW)
    known.committed(1, known.recorded_events[:2])

    assert rotate(known, "guess", NOW) == Rotation.REUSED


def test_rotation_keeps_the_secret_before_and_prolongs_the_session() -> None:
    known = user()

    rotate(known, "current", AFTER)

    assert USER.to_state(known)["session"] == {
        "id": "session-1",
        "token_hash": "next",
        "previous_token_hash": "current",
        "rotated_at": AFTER.isoformat(),
        "expires_at": (AFTER + timedelta(days=30)).isoformat(),
    }
    assert known.recorded_events == (
        events.SessionRotated(user_id="ada", session_id="session-1", occurred_at=AFTER),
    )


def test_reuse_ends_the_session_and_is_recorded() -> None:
    known = user()

    rotate(known, "older", AFTER)

    assert known.session is None
    assert known.recorded_events == (
        events.SessionEnded(
            user_id="ada",
            session_id="session-1",
            reason="refresh token reused",
            occurred_at=AFTER,
        ),
    )


@pytest.mark.parametrize("behind", [timedelta(minutes=5), timedelta(hours=-3)])
def test_client_that_repeats_its_token_at_a_server_with_another_clock_keeps_its_session(
    behind: timedelta,
) -> None:
    """The first server rotates, its answer gets lost, and the client asks the second one."""
    store = memory_store(REGISTERED)
    right, wrong = FakeClock(NOW), FakeClock(NOW - behind)
    claims = RefreshClaims("ada", "session-1", "first secret")
    with store.unit_of_work() as unit:
        known = new_user(id="ada")
        known.start_session("session-1", secret_hash(claims.secret), EXPIRES_AT, NOW)
        unit.users.add(known)
        unit.commit()
    token = server(store, right).user_tokens.refresh(claims)
    latest = server(store, wrong)(token).refresh_token
    right.advance(10)

    with pytest.raises(RefreshTokenSuperseded):
        server(store, right)(token)

    assert server(store, right)(latest).user_id == "ada"


def server(store: Store, clock: FakeClock) -> RefreshSession:
    tokens = UserTokens(JwtSigner(SAMPLE_SIGNING_KEY, clock))
    return RefreshSession(store.unit_of_work, clock, store.ids, tokens)


def test_secret_two_rotations_old_is_reuse_even_within_the_grace() -> None:
    known = user()
    rotate(known, "current", AFTER)
    known.committed(2, known.recorded_events[:1])

    assert rotate(known, "previous", AFTER) == Rotation.REUSED
