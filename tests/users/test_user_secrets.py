"""What is known of a user tells no secret."""

from __future__ import annotations

from datetime import datetime

from domain.users import events
from domain.users.user import User
from domain.users.values import Email
from tests.times import NOW
from tests.users.known_users import LATER, NEXT_MONTH, SECRETS


def test_no_event_and_no_text_about_a_user_shows_a_secret() -> None:
    known = everything_that_happens()

    texts = [repr(known), str(known), *map(repr, known.recorded_events)]
    texts += [repr(known.session), str(known.session)]

    assert [text for text in texts for secret in SECRETS if secret in text] == []


def test_every_kind_of_event_was_looked_at_for_secrets() -> None:
    kinds = {kind for kind in vars(events).values() if _is_user_event(kind)}

    assert {type(event) for event in everything_that_happens().recorded_events} == kinds


def everything_that_happens() -> User:
    """A user to whom everything happened that can, with secrets that are easy to find."""
    known = User.register(
        id="ada",
        first_name="Ada",
        last_name="Lovelace",
        email=Email("ada@example.com"),
        password_hash=SECRETS[0],
        now=NOW,
    )
    known.verify_email(NOW)
    known.change_name("Augusta", "King", NOW)
    known.change_email(Email("countess@example.com"), NOW)
    known.change_password(SECRETS[1], NOW)
    known.complete_password_reset(SECRETS[0], NOW)
    known.ban(NOW)
    known.unban(NOW)
    known.start_session("session-1", SECRETS[2], NEXT_MONTH, NOW)
    known.end_session("signed out", NOW)
    known.leave(NOW)
    known.start_session("session-2", SECRETS[2], NEXT_MONTH, NOW)
    known.rotate_session(
        "session-2",
        presented_hash=SECRETS[2],
        next_hash=SECRETS[3],
        expires_at=NEXT_MONTH,
        now=LATER,
    )
    return known


def _is_user_event(kind: object) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, events.UserEvent)
        and kind is not events.UserEvent
    )


def test_timestamps_of_events_are_those_they_were_told() -> None:
    timestamps: set[datetime] = {
        event.occurred_at for event in everything_that_happens().recorded_events
    }

    assert timestamps == {NOW, LATER}
