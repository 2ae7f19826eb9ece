"""What a unit of work knows of its aggregates, and what it finds to write."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, evolve, field, frozen

from application.errors import UnitOfWorkMisused
from infrastructure.aggregates.changes import AggregateChange, Intent, Plan, Stored, TrackedTable
from infrastructure.aggregates.tracker import Tracker
from infrastructure.commit.participant import Action, Commit
from tests.samples.people import PERSON, Email, EmailTaken, Person, PersonNotFound, new_person
from tests.times import NOW


@frozen(kw_only=True)
class Kept(Stored):
    """A person as a table has it that keeps a note beside the state."""

    note: str


@frozen
class Write(Action):
    """The action that writes the person of this id."""

    id: str


@frozen
class Check(Action):
    """The action that requires the person of this id to be at this version."""

    id: str
    version: int


@define
class Table(TrackedTable):
    """Has these people; remembers which ones were read, and which changes it was to write."""

    people: dict[str, Stored] = field(factory=dict)
    read_ids: list[str] = field(factory=list)
    planned: list[AggregateChange[Any]] = field(factory=list)
    holders: dict[str, str] = field(factory=dict)
    asked_for: list[str] = field(factory=list)

    def read(self, aggregate_id: str) -> Stored | None:
        self.read_ids.append(aggregate_id)
        return self.people.get(aggregate_id)

    def holder(self, claim_key: str) -> str | None:
        self.asked_for.append(claim_key)
        return self.holders.get(claim_key)

    def plan(self, change: AggregateChange[Any], commit: Commit) -> Plan:
        self.planned.append(change)
        kept = Kept(change.state, change.claims, note=f"a note of {commit.id}")
        return Plan((Write(change.aggregate.id),), kept)

    def check(self, stored: Stored) -> Action:
        return Check(stored.state["id"], stored.state["version"])


@define
class Gate:
    """Whether something may be staged."""

    is_open: bool = True

    def check(self) -> None:
        if not self.is_open:
            raise UnitOfWorkMisused("a commit is under way")


def tracker(table: Table | None = None, gate: Gate | None = None) -> Tracker[Person]:
    return Tracker(PERSON, table or Table(), (gate or Gate()).check)


def kept(person_id: str = "ada", version: int = 3) -> Kept:
    """A person as it is read at this version."""
    person = new_person(f"{person_id}@example.com", id=person_id)
    state = {**PERSON.to_state(person), "version": version}
    return Kept(state, frozenset(PERSON.claims(person)), note="a note")


def load(into: Tracker[Person], person_id: str = "ada", version: int = 3) -> Person:
    """A person as if it had been read at this version."""
    return into.loaded(kept(person_id, version))


def claims(*emails: str) -> set[str]:
    return {f"CLAIM#email#{email}" for email in emails}


def prepared(of: Tracker[Person], commit_id: str = "commit-1") -> list[AggregateChange[Any]]:
    """The changes that a commit would write, which stays prepared."""
    events = of.prepare()
    table = of._table
    assert isinstance(table, Table)
    table.planned.clear()
    actions = of.actions(Commit(commit_id, tuple(events)))
    changes = list(table.planned)
    assert actions == [Write(change.aggregate.id) for change in changes]
    assert of.is_changed() == bool(changes)
    return changes


def only_change(of: Tracker[Person]) -> AggregateChange[Any]:
    (change,) = prepared(of)
    return change


def test_what_is_not_tracked_is_read_once() -> None:
    table = Table({"ada": kept()})
    subject = tracker(table)

    person = subject.get("ada")

    assert (person.id, person.version) == ("ada", 3)
    assert subject.get("ada") is person
    assert table.read_ids == ["ada"]


@pytest.mark.parametrize("person_id", ["bob", "", "CLAIM#email#ada@example.com"])
def test_what_is_not_there_is_not_found_and_what_is_no_id_not_even_read(person_id: str) -> None:
    table = Table()

    with pytest.raises(PersonNotFound) as missing:
        tracker(table).get(person_id)

    assert missing.value.aggregate_id == person_id
    assert table.read_ids == [each for each in [person_id] if each == "bob"]


def test_what_was_only_loaded_is_no_change() -> None:
    subject = tracker()
    load(subject)

    assert prepared(subject) == []


def test_loading_again_gives_the_object_that_is_there() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)

    assert load(subject, version=9) is person
    assert person.version == 3


def test_saved_without_a_change_is_no_change() -> None:
    subject = tracker()
    person = load(subject)
    person.change_name("Augusta", "King", NOW)
    person.change_name("Ada", "Lovelace", NOW)
    person.committed(3, person.recorded_events[:2])  # as if nothing had been recorded
    subject.save(person)

    assert prepared(subject) == []


def test_change_there_and_back_is_written_for_its_events() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)
    person.unban(NOW)
    subject.save(person)

    change = only_change(subject)

    assert (change.intent, change.expected, change.version, len(change.events)) == (
        *(Intent.SAVE, 3, 4, 2),
    )


def test_addition_takes_its_claims_on_version_zero() -> None:
    subject = tracker()
    subject.add(new_person("ada@example.com", id="ada"))

    change = only_change(subject)

    assert (change.intent, change.expected, change.version) == (Intent.ADD, 0, 1)
    assert change.taken.keys() == claims("ada@example.com")
    assert change.freed == set()


def test_addition_that_is_saved_too_stays_an_addition() -> None:
    subject = tracker()
    person = new_person()
    subject.add(person)
    subject.save(person)

    assert only_change(subject).intent is Intent.ADD


def test_save_that_keeps_the_address_touches_no_claim() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)
    subject.save(person)

    change = only_change(subject)

    assert (change.taken, change.freed) == ({}, frozenset())


def test_save_of_another_address_takes_the_new_claim_and_frees_the_old_one() -> None:
    subject = tracker()
    person = load(subject)
    person.change_email(Email("countess@example.com"), NOW)
    subject.save(person)

    change = only_change(subject)

    assert change.taken.keys() == claims("countess@example.com")
    assert change.freed == claims("ada@example.com")


def test_save_takes_a_claim_that_the_aggregate_needs_and_does_not_hold() -> None:
    subject = tracker()
    person = subject.loaded(evolve(kept(), claims=frozenset({"CLAIM#nickname#ada"})))
    subject.save(person)

    change = only_change(subject)

    assert change.claims == change.taken.keys() == claims("ada@example.com")
    assert change.freed == {"CLAIM#nickname#ada"}


def test_save_of_an_aggregate_that_is_not_complete_is_a_change() -> None:
    subject = tracker()
    person = subject.loaded(evolve(kept(), is_complete=False))
    subject.save(person)

    assert only_change(subject).taken == {}


@pytest.mark.parametrize(
    ("holder", "freed"),
    [("ada", {"CLAIM#email#ada@example.com"}), ("bob", set()), (None, set())],
)
def test_what_an_aggregate_holds_that_does_not_tell_is_asked_for_once_and_when_it_is_staged(
    holder: str | None, freed: set[str]
) -> None:
    table = Table(holders={"CLAIM#email#ada@example.com": holder} if holder else {})
    subject = tracker(table)
    person = subject.loaded(evolve(kept(), claims=None, is_complete=False))
    assert table.asked_for == []

    subject.remove(person)
    assert subject.is_changed()
    change = only_change(subject)

    assert change.taken == {}
    assert change.freed == freed
    assert table.asked_for == ["CLAIM#email#ada@example.com"]


@pytest.mark.parametrize(("holder", "is_taken"), [("ada", False), ("bob", True), (None, True)])
def test_save_of_an_aggregate_that_does_not_tell_takes_what_it_does_not_hold(
    holder: str | None, *, is_taken: bool
) -> None:
    subject = tracker(Table(holders={"CLAIM#email#ada@example.com": holder} if holder else {}))
    person = subject.loaded(evolve(kept(), claims=None, is_complete=False))
    subject.save(person)

    change = only_change(subject)

    assert change.taken.keys() == (claims("ada@example.com") if is_taken else set())
    assert change.claims == claims("ada@example.com")
    assert change.freed == set()


def test_removal_frees_the_claim_that_is_stored_not_one_that_was_never_taken() -> None:
    subject = tracker()
    person = load(subject)
    person.change_email(Email("countess@example.com"), NOW)
    subject.remove(person)

    change = only_change(subject)

    assert (change.intent, change.taken) == (Intent.REMOVE, {})
    assert change.freed == claims("ada@example.com")


def test_change_carries_what_was_read_with_all_that_its_table_keeps_beside_the_state() -> None:
    subject, read = tracker(), kept()
    person = subject.loaded(read)
    person.ban(NOW)
    subject.save(person)

    assert only_change(subject).stored is read


def test_change_is_a_copy_that_later_behaviour_does_not_reach() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)
    subject.save(person)
    change = only_change(subject)

    person.unban(NOW)

    assert change.state["is_banned"] is True


def test_changes_come_in_the_order_in_which_their_aggregates_were_first_seen() -> None:
    subject = tracker()
    first, second = load(subject, "b"), load(subject, "a")
    for person in (second, first):
        person.ban(NOW)
        subject.save(person)
    subject.add(new_person("c@example.com", id="0"))

    assert [change.aggregate.id for change in prepared(subject)] == ["b", "a", "0"]


def test_committed_change_is_what_is_stored_from_then_on() -> None:
    subject = tracker()
    person = load(subject)
    person.change_email(Email("countess@example.com"), NOW)
    subject.save(person)
    prepared(subject, "commit-1")
    subject.committed()

    person.change_email(Email("ada@example.com"), NOW)
    subject.save(person)
    change = only_change(subject)

    assert (change.expected, change.version) == (4, 5)
    assert change.taken.keys() == claims("ada@example.com")
    assert change.freed == claims("countess@example.com")
    assert isinstance(change.stored, Kept)
    assert (change.stored.note, change.stored.state["version"]) == ("a note of commit-1", 4)


def test_events_recorded_while_the_commit_was_under_way_are_kept() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)
    subject.save(person)
    prepared(subject)
    person.unban(NOW)

    subject.committed()

    assert [type(event).__name__ for event in person.recorded_events] == ["PersonUnbanned"]
    assert subject.forgotten() == ["ada"]


def test_telling_again_that_a_commit_has_happened_changes_nothing() -> None:
    subject = tracker()
    person, removed = load(subject), load(subject, "bob")
    person.ban(NOW)
    subject.save(person)
    subject.remove(removed)
    prepared(subject)

    for _ in range(2):
        subject.committed()

    assert (person.version, person.recorded_events, subject.is_changed()) == (4, (), False)
    assert (subject.knows("ada"), subject.knows("bob")) == (True, False)


def test_commit_that_is_refused_takes_nothing_and_leaves_everything_staged() -> None:
    subject = tracker()
    person = load(subject)
    person.ban(NOW)
    subject.save(person)

    before = prepared(subject, "commit-1")

    assert (person.version, len(person.recorded_events), subject.is_changed()) == (3, 1, True)
    assert prepared(subject, "commit-2") == before


def test_what_was_prepared_is_prepared_anew_for_the_next_commit() -> None:
    subject = tracker()
    person, other = load(subject), load(subject, "bob")
    for each in (person, other):
        each.ban(NOW)
        subject.save(each)
    prepared(subject, "commit-1")
    person.unban(NOW)
    subject.remove(other)

    first, second = prepared(subject, "commit-2")
    subject.committed()

    assert [type(event).__name__ for event in first.events] == ["PersonBanned", "PersonUnbanned"]
    assert (first.state["is_banned"], second.intent) == (False, Intent.REMOVE)
    assert (person.version, person.recorded_events) == (4, ())
    assert (subject.knows("ada"), subject.knows("bob")) == (True, False)


def test_staging_is_refused_while_a_commit_is_under_way() -> None:
    gate = Gate()
    subject = tracker(gate=gate)
    person = load(subject)
    person.ban(NOW)
    gate.is_open = False

    for stage, staged in (
        *((subject.save, person), (subject.remove, person), (subject.add, person)),
        (subject.require_unchanged, person),
        (subject.add, new_person(id="new")),
    ):
        with pytest.raises(UnitOfWorkMisused, match="under way"):
            stage(staged)

    assert (subject.is_changed(), subject.knows("new")) == (False, False)
    assert subject.get("ada") is person


def test_forgotten_are_those_with_events_that_were_neither_saved_nor_removed() -> None:
    subject = tracker()
    forgotten, saved, removed, untouched = (load(subject, id_) for id_ in "abcd")
    for person in (forgotten, saved, removed):
        person.ban(NOW)
    subject.save(saved)
    subject.remove(removed)

    assert subject.forgotten() == [forgotten.id]
    assert untouched.recorded_events == ()


def test_removed_is_not_found_and_not_present_though_known() -> None:
    subject = tracker()
    person = load(subject)
    subject.remove(person)

    with pytest.raises(PersonNotFound):
        subject.get("ada")
    assert (subject.present(["ada"]), subject.knows("ada")) == ([], True)


def test_removed_is_forgotten_once_that_is_committed() -> None:
    table = Table()
    subject = tracker(table)
    subject.remove(load(subject))
    prepared(subject)
    subject.committed()

    assert (subject.knows("ada"), table.read_ids) == (False, [])
    with pytest.raises(PersonNotFound):
        subject.get("ada")
    assert table.read_ids == ["ada"]


def test_two_changes_cannot_take_one_value() -> None:
    subject = tracker()
    for id_ in ("ada", "bob"):
        subject.add(new_person("one@example.com", id=id_))

    with pytest.raises(EmailTaken) as refused:
        subject.prepare()

    assert refused.value.email == "one@example.com"
    subject.clear()
    assert prepared(subject) == []


def test_value_that_one_gives_up_and_another_takes_is_handed_over() -> None:
    subject = tracker()
    ada = load(subject, "ada")
    ada.change_email(Email("countess@example.com"), NOW)
    subject.save(ada)
    subject.add(new_person("ada@example.com", id="heir"))

    changes = prepared(subject)

    assert [change.handed_over for change in changes] == [claims("ada@example.com")] * 2
