"""What an item that did not meet a condition proves, and whose error it is."""

from __future__ import annotations

import pytest

from application.ports.leases import LeaseLost
from application.ports.relay_queue import KeyLease
from domain.consistency import StreamId
from domain.errors import ConcurrencyConflict
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.tables.aggregates import ClaimRefusal, VersionRefusal
from infrastructure.dynamodb.tables.events import EventRefusal
from infrastructure.dynamodb.tables.inbox import _ProcessedRefusal
from infrastructure.dynamodb.tables.outbox import _LeaseRefusal, _MessageRefusal
from infrastructure.dynamodb.transaction.actions import Refusal, Verdict
from infrastructure.outbox.inbox import ProcessedMessage
from tests.samples.people import PERSON_EMAIL, EmailTaken
from tests.times import NOW


def person(version: int, *commits: str) -> Item:
    """A person's item; its commits newest first."""
    return {
        "id": {"S": "ada"},
        "version": {"N": str(version)},
        "commits": {"L": [{"S": commit} for commit in commits]},
    }


def claim(commit: str) -> Item:
    return {"id": {"S": "CLAIM#…"}, "owner": {"S": "ada"}, "commits": {"L": [{"S": commit}]}}


@pytest.mark.parametrize(
    ("expected", "old", "verdict"),
    [
        # The change was decided on version 4, so our commit would have made version 5.
        (4, person(5, "ours", "a", "b"), Verdict.APPLIED),
        (4, person(6, "theirs", "ours", "a"), Verdict.APPLIED),
        (4, person(7, "x", "y", "ours"), Verdict.APPLIED),
        (4, person(5, "theirs", "a", "b"), Verdict.REFUSED),
        (4, person(6, "x", "theirs", "a"), Verdict.REFUSED),
        # Our id at another version than ours is not proof of this commit.
        (4, person(6, "ours", "theirs", "a"), Verdict.REFUSED),
        # A version not above what we expected: ours was never made, or the item is a new one.
        (4, person(4, "a", "b"), Verdict.REFUSED),
        (4, person(1, "a"), Verdict.REFUSED),
        # So many commits came after ours that the item no longer tells.
        (4, person(8, "x", "y", "z"), Verdict.UNKNOWN),
        (4, person(5), Verdict.UNKNOWN),
        (4, None, Verdict.UNKNOWN),
        # A creation makes version 1.
        (0, person(1, "ours"), Verdict.APPLIED),
        (0, person(2, "theirs", "ours"), Verdict.APPLIED),
        (0, person(1, "theirs"), Verdict.REFUSED),
        (0, None, Verdict.UNKNOWN),
    ],
)
def test_recent_commits_tell_who_made_the_version_that_a_change_would_have_made(
    expected: int, old: Item | None, verdict: Verdict
) -> None:
    assert VersionRefusal("Person", "ada", expected).verdict(old, "ours") is verdict


@pytest.mark.parametrize(
    ("old", "verdict"),
    [
        (person(5, "theirs", "a"), Verdict.REFUSED),
        (person(4, "a"), Verdict.REFUSED),
        (person(9, "a"), Verdict.REFUSED),
        (None, Verdict.UNKNOWN),
    ],
)
def test_removal_was_refused_where_the_item_still_is(old: Item | None, verdict: Verdict) -> None:
    assert VersionRefusal("Person", "ada", 4, removes=True).verdict(old, "ours") is verdict


@pytest.mark.parametrize(
    ("expected", "old", "actual"),
    [(4, person(5, "a"), 5), (4, person(3, "a"), 3), (0, person(1, "a"), 1), (4, None, None)],
)
def test_error_tells_the_version_found(expected: int, old: Item | None, actual: int | None) -> None:
    error = VersionRefusal("Person", "ada", expected).error(old)

    assert isinstance(error, ConcurrencyConflict)
    assert error.args == ("Person", "ada", expected, actual)


@pytest.mark.parametrize(("expected", "old"), [(4, person(4, "a")), (0, None)])
def test_item_at_the_expected_version_is_no_error(expected: int, old: Item | None) -> None:
    assert VersionRefusal("Person", "ada", expected).error(old) is None


@pytest.mark.parametrize(
    ("old", "verdict"),
    [
        (claim("ours"), Verdict.APPLIED),
        # Ours may have been applied and freed again before theirs.
        (claim("theirs"), Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_claim_proves_the_commit_that_made_it(old: Item | None, verdict: Verdict) -> None:
    assert ClaimRefusal(PERSON_EMAIL, "ada@example.com").verdict(old, "ours") is verdict


def test_error_of_a_claim_names_the_value() -> None:
    error = ClaimRefusal(PERSON_EMAIL, "ada@example.com").error(claim("theirs"))

    assert isinstance(error, EmailTaken)
    assert error.email == "ada@example.com"


def test_claim_that_is_not_there_is_no_error() -> None:
    assert ClaimRefusal(PERSON_EMAIL, "ada@example.com").error(None) is None


def made_by(commit: str) -> Item:
    """What a commit wrote that nobody changes."""
    return {"commitId": {"S": commit}}


EVENT = EventRefusal(StreamId("Parcel", "1"), 4, lambda: 6)
HANDLED = ProcessedMessage(consumer="mailer", message_id="1", at=NOW, expires=NOW)
LEASE = KeyLease(name="ada", owner="relay", token=7, until=NOW, last_message_id="", attempts=0)


@pytest.mark.parametrize("refusal", [EVENT, _ProcessedRefusal(HANDLED)])
@pytest.mark.parametrize(
    ("old", "verdict"),
    [
        (made_by("ours"), Verdict.APPLIED),
        (made_by("theirs"), Verdict.REFUSED),
        (None, Verdict.UNKNOWN),
    ],
)
def test_what_is_written_once_proves_who_wrote_it(
    refusal: Refusal, old: Item | None, verdict: Verdict
) -> None:
    assert refusal.verdict(old, "ours") is verdict


def test_error_of_an_event_tells_the_version_that_the_stream_has_now() -> None:
    error = EVENT.error(made_by("theirs"))

    assert isinstance(error, ConcurrencyConflict)
    assert error.args == ("Parcel", "1", 4, 6)


@pytest.mark.parametrize(
    ("old", "verdict"),
    [
        (made_by("ours"), Verdict.APPLIED),
        # Ours may have changed it nevertheless.
        (made_by("theirs"), Verdict.UNKNOWN),
        ({}, Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_message_proves_only_the_commit_that_added_it(old: Item | None, verdict: Verdict) -> None:
    assert _MessageRefusal(lambda _: None).verdict(old, "ours") is verdict


@pytest.mark.parametrize(
    ("old", "verdict"),
    [
        ({"token": {"N": "7"}}, Verdict.APPLIED),
        # Still held: the end of the lease was not written.
        ({"token": {"N": "7"}, "owner": {"S": "relay"}}, Verdict.REFUSED),
        # Followed by another lease, which may have ended, too.
        ({"token": {"N": "8"}, "owner": {"S": "other"}}, Verdict.REFUSED),
        ({"token": {"N": "8"}}, Verdict.REFUSED),
        (None, Verdict.REFUSED),
    ],
)
def test_head_without_an_owner_proves_the_end_of_its_last_lease(
    old: Item | None, verdict: Verdict
) -> None:
    assert _LeaseRefusal(LEASE).verdict(old, "ours") is verdict


def test_error_of_a_lease_names_the_key_and_who_lost_it() -> None:
    error = _LeaseRefusal(LEASE).error(None)

    assert isinstance(error, LeaseLost)
    assert error.args == ("ada", "relay")
