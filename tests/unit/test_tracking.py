"""What a unit of work knows of its aggregates, and what it finds to write."""

from __future__ import annotations

import pytest

from application.errors import UnitOfWorkMisused
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.user import User
from domain.users.values import Email
from infrastructure.tracking import Change, Intent, Stored, Tracker
from infrastructure.users import USERS
from tests.users import NOW, new_user


def tracker() -> Tracker[User]:
    return Tracker(USERS)


def load(into: Tracker[User], user_id: str = "ada", version: int = 3) -> User:
    """A user as if it had been read at this version."""
    user = new_user(f"{user_id}@example.com", id=user_id)
    return into.loaded(Stored({**USERS.to_state(user), "version": version}, note="a note"))


def claims(*emails: str) -> set[str]:
    return {f"CLAIM#email#{email}" for email in emails}


def only_change(of: Tracker[User]) -> Change[User]:
    (change,) = of.changes()
    return change


def test_what_was_only_loaded_is_no_change() -> None:
    subject = tracker()
    load(subject)

    assert subject.changes() == ()


def test_loading_again_gives_the_object_that_is_there() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)

    assert load(subject, version=9) is user
    assert user.version == 3


def test_saved_without_a_change_is_no_change() -> None:
    subject = tracker()
    user = load(subject)
    user.change_name("Augusta", "King", NOW)
    user.change_name("Ada", "Lovelace", NOW)
    user.committed(3, user.recorded_events[:2])  # as if nothing had been recorded
    subject.save(user)

    assert subject.changes() == ()


def test_change_there_and_back_is_written_for_its_events() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    user.unban(NOW)
    subject.save(user)

    change = only_change(subject)

    assert (change.intent, change.expected, change.version, len(change.events)) == (
        *(Intent.SAVE, 3, 4, 2),
    )


def test_addition_takes_its_claims_on_version_zero() -> None:
    subject = tracker()
    subject.add(new_user("ada@example.com", id="ada"))

    change = only_change(subject)

    assert (change.intent, change.expected, change.version) == (Intent.ADD, 0, 1)
    assert change.taken.keys() == claims("ada@example.com")
    assert change.freed == {}


def test_addition_that_is_saved_too_stays_an_addition() -> None:
    subject = tracker()
    user = new_user()
    subject.add(user)
    subject.save(user)

    assert only_change(subject).intent is Intent.ADD


def test_save_that_keeps_the_address_touches_no_claim() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    subject.save(user)

    change = only_change(subject)

    assert (change.taken, change.freed) == ({}, {})


def test_save_of_another_address_takes_the_new_claim_and_frees_the_old_one() -> None:
    subject = tracker()
    user = load(subject)
    user.change_email(Email("countess@example.com"), NOW)
    subject.save(user)

    change = only_change(subject)

    assert change.taken.keys() == claims("countess@example.com")
    assert change.freed.keys() == claims("ada@example.com")


def test_removal_frees_the_claim_that_is_stored_not_one_that_was_never_taken() -> None:
    subject = tracker()
    user = load(subject)
    user.change_email(Email("countess@example.com"), NOW)
    subject.remove(user)

    change = only_change(subject)

    assert (change.intent, change.taken) == (Intent.REMOVE, {})
    assert change.freed.keys() == claims("ada@example.com")


def test_change_carries_the_note_of_what_was_loaded() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    subject.save(user)

    stored = only_change(subject).stored

    assert stored is not None
    assert stored.note == "a note"


def test_change_is_a_copy_that_later_behaviour_does_not_reach() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    subject.save(user)
    (change,) = subject.begin()

    user.unban(NOW)

    assert change.state["is_banned"] is True


def test_changes_come_in_the_order_in_which_their_aggregates_were_first_seen() -> None:
    subject = tracker()
    first, second = load(subject, "b"), load(subject, "a")
    for user in (second, first):
        user.ban(NOW)
        subject.save(user)
    subject.add(new_user("c@example.com", id="0"))

    assert [change.aggregate.id for change in subject.changes()] == ["b", "a", "0"]


def test_committed_change_is_what_is_stored_from_then_on() -> None:
    subject = tracker()
    user = load(subject)
    user.change_email(Email("countess@example.com"), NOW)
    subject.save(user)
    subject.begin()
    subject.committed({"ada": "a later note"})

    user.change_email(Email("ada@example.com"), NOW)
    subject.save(user)
    change = only_change(subject)

    assert (change.expected, change.version) == (4, 5)
    assert change.taken.keys() == claims("ada@example.com")
    assert change.freed.keys() == claims("countess@example.com")
    assert change.stored is not None
    assert (change.stored.note, change.stored.state["version"]) == ("a later note", 4)


def test_events_recorded_while_the_commit_was_under_way_are_kept() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    subject.save(user)
    subject.begin()
    user.unban(NOW)

    subject.committed({})

    assert [type(event).__name__ for event in user.recorded_events] == ["UserUnbanned"]
    assert subject.forgotten() == ("ada",)


def test_abandoned_commit_leaves_everything_staged() -> None:
    subject = tracker()
    user = load(subject)
    user.ban(NOW)
    subject.save(user)
    before = subject.begin()

    subject.abandoned()

    assert subject.changes() == before
    assert (user.version, len(user.recorded_events)) == (3, 1)


def test_staging_is_refused_while_a_commit_is_under_way() -> None:
    subject = tracker()
    user = load(subject)
    subject.begin()

    for stage in (subject.save, subject.remove, subject.add):
        with pytest.raises(UnitOfWorkMisused, match="under way"):
            stage(user)
    with pytest.raises(UnitOfWorkMisused, match="under way"):
        subject.check_saveable([user])


def test_forgotten_are_those_with_events_that_were_neither_saved_nor_removed() -> None:
    subject = tracker()
    forgotten, saved, removed, untouched = (load(subject, id_) for id_ in "abcd")
    for user in (forgotten, saved, removed):
        user.ban(NOW)
    subject.save(saved)
    subject.remove(removed)

    assert subject.forgotten() == (forgotten.id,)
    assert untouched.recorded_events == ()


def test_removed_is_not_found_and_not_present_though_known() -> None:
    subject = tracker()
    user = load(subject)
    subject.remove(user)

    with pytest.raises(UserNotFound):
        subject.find("ada")
    assert (subject.present(["ada"]), subject.knows("ada")) == ([], True)


def test_removed_is_forgotten_once_that_is_committed() -> None:
    subject = tracker()
    subject.remove(load(subject))
    subject.begin()
    subject.committed({})

    assert (subject.find("ada"), subject.knows("ada")) == (None, False)


def test_two_changes_cannot_take_one_value() -> None:
    subject = tracker()
    for id_ in ("ada", "bob"):
        subject.add(new_user("one@example.com", id=id_))

    with pytest.raises(EmailAlreadyRegistered) as refused:
        subject.begin()

    assert refused.value.email == "one@example.com"
    subject.clear()
    assert subject.changes() == ()


def test_value_that_one_gives_up_and_another_takes_is_handed_over() -> None:
    subject = tracker()
    ada = load(subject, "ada")
    ada.change_email(Email("countess@example.com"), NOW)
    subject.save(ada)
    subject.add(new_user("ada@example.com", id="heir"))

    changes = subject.begin()

    assert [change.handed_over for change in changes] == [claims("ada@example.com")] * 2


def test_split_off_aggregates_have_trackers_of_their_own_until_they_are_joined_again() -> None:
    subject = tracker()
    ada, bob = load(subject, "ada"), load(subject, "bob")
    ada.ban(NOW)

    alone = subject.split(ada)

    assert (subject.knows("ada"), subject.find("bob")) == (False, bob)
    assert only_change(alone).aggregate is ada
    subject.join(alone)
    assert subject.find("ada") is ada
