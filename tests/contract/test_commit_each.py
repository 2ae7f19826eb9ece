"""What every adapter promises about changing many people, each in a commit of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.commit_each import CommitResult, commit_each
from application.errors import UnitOfWorkMisused
from domain.errors import ConcurrencyConflict
from infrastructure.dynamodb.transaction import transaction
from infrastructure.memory import database
from tests.contract.storing import address, facts, names, put_new, rename, stored
from tests.samples.contexts import Unit
from tests.samples.people import Email, EmailTaken, Person, PersonNotFound, new_person
from tests.stores import Store
from tests.times import NOW

Change = Callable[[Person], object]


class Interrupted(BaseException):
    """Comes from outside, as an interrupt of the keyboard does."""


def change_each(
    store: Store, changes: dict[str, Change], before_commit: Callable[[str], object] = lambda _: ()
) -> list[CommitResult]:
    """Changes each of these people. Others may do something right before a commit."""

    def change(unit: Unit, person_id: str) -> None:
        person = unit.people.get(person_id)
        changes[person_id](person)
        unit.people.save(person)
        before_commit(person_id)

    return commit_each(store.unit_of_work, changes, change)


def ban(person: Person) -> None:
    person.ban(NOW)


def call(first_name: str) -> Change:
    return lambda person: person.change_name(first_name, "Lovelace", NOW)


def move(email: str) -> Change:
    return lambda person: person.change_email(Email(email), NOW)


def test_each_person_has_a_result_of_its_own(store: Store) -> None:
    put_new(store, "fine", "stale", "taken", "unchanged", "holder", "last")

    results = change_each(
        store,
        {
            "fine": call("Ours"),
            "stale": call("Ours"),
            "taken": lambda person: (call("Ours")(person), move(address("holder"))(person)),
            "missing": call("Ours"),
            "unchanged": lambda _: None,
            "last": call("Ours"),
        },
        lambda person_id: rename(store, person_id, "Theirs") if person_id == "stale" else None,
    )

    assert [(result.id, result.is_committed) for result in results] == [
        ("fine", True),
        ("stale", False),
        ("taken", False),
        ("missing", False),
        ("unchanged", True),
        ("last", True),
    ]
    assert [facts(result.error) for result in results] == [
        None,
        (ConcurrencyConflict, "Person", "stale", 1, 2),
        (EmailTaken, address("holder")),
        (PersonNotFound, "missing"),
        None,
        None,
    ]
    assert names(store, "fine", "stale", "taken", "last") == ["Ours", "Theirs", "Ada", "Ours"]
    assert stored(store, "taken")["email"] == address("taken")
    assert stored(store, "unchanged")["version"] == 1


def test_committed_people_advance_and_refused_ones_stay_as_they_were(store: Store) -> None:
    put_new(store, "fine", "stale")
    people: list[Person] = []

    def ban_and_keep(person: Person) -> None:
        person.ban(NOW)
        people.append(person)

    change_each(
        store,
        {"fine": ban_and_keep, "stale": ban_and_keep},
        lambda person_id: rename(store, person_id, "Theirs") if person_id == "stale" else None,
    )

    assert [(person.version, len(person.recorded_events)) for person in people] == [(2, 0), (1, 1)]


def test_nothing_of_a_refused_one_is_written(store: Store) -> None:
    put_new(store, "holder")

    def add_two(unit: Unit, person_id: str) -> None:
        unit.people.add(new_person(f"{person_id}@example.org", id=f"{person_id}-too"))
        unit.people.add(new_person(address(person_id), id=f"{person_id}-2"))

    results = commit_each(store.unit_of_work, ["holder", "new"], add_two)

    assert [result.is_committed for result in results] == [False, True]
    for never_stored in ("holder-too", "holder-2"):
        with pytest.raises(PersonNotFound):
            stored(store, never_stored)
    assert [stored(store, id_)["version"] for id_ in ("new-too", "new-2")] == [1, 1]


def test_refused_person_can_be_changed_again(store: Store) -> None:
    put_new(store, "ada")
    (refused,) = change_each(store, {"ada": ban}, lambda _: rename(store, "ada", "Theirs"))

    (again,) = change_each(store, {"ada": ban})

    assert (refused.is_committed, again.is_committed) == (False, True)
    assert (stored(store, "ada")["first_name"], stored(store, "ada")["is_banned"]) == (
        "Theirs",
        True,
    )


def test_person_that_is_named_twice_is_changed_twice(store: Store) -> None:
    put_new(store, "ada")
    emails = iter(["countess@example.com", address("ada")])

    def change(unit: Unit, person_id: str) -> None:
        person = unit.people.get(person_id)
        person.change_email(Email(next(emails)), NOW)
        unit.people.save(person)

    results = commit_each(store.unit_of_work, iter(["ada", "ada"]), change)

    assert results == [CommitResult("ada"), CommitResult("ada")]
    with store.unit_of_work() as unit:
        assert unit.people.get_by_email(Email(address("ada"))).version == 3
        with pytest.raises(PersonNotFound):
            unit.people.get_by_email(Email("countess@example.com"))


def test_what_another_unit_has_staged_waits_for_its_own_commit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        bob = unit.people.get("bob")
        unit.people.add(new_person("carol@example.com", id="carol"))
        bob.change_name("Changed", "Lovelace", NOW)
        unit.people.save(bob)
        change_each(store, {"ada": call("Changed")})
        between = names(store, "ada", "bob")
        unit.commit()

    assert between == ["Changed", "Ada"]
    assert names(store, "ada", "bob", "carol") == ["Changed", "Changed", "Ada"]


def test_rollback_of_another_unit_does_not_take_back_what_was_committed(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.people.get("ada").ban(NOW)
        change_each(store, {"ada": ban})
        unit.rollback()

    assert stored(store, "ada")["is_banned"] is True


def test_new_people_can_be_stored_this_way_too(store: Store) -> None:
    put_new(store, "holder")
    new = {"taken": address("holder"), "new": "new@example.com"}

    def add(unit: Unit, person_id: str) -> None:
        unit.people.add(new_person(new[person_id], id=person_id))

    results = commit_each(store.unit_of_work, new, add)

    assert [result.is_committed for result in results] == [False, True]
    assert stored(store, "new")["version"] == 1


def test_later_person_can_take_the_address_that_an_earlier_one_gave_up(store: Store) -> None:
    put_new(store, "ada", "bob")

    results = change_each(store, {"ada": move("countess@example.com"), "bob": move(address("ada"))})

    assert [result.is_committed for result in results] == [True, True]


def test_more_people_than_fit_into_one_commit_are_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"person-{n:03}" for n in range(11)]
    put_new(store, *ids)
    for module in (transaction, database):
        monkeypatch.setattr(module, "MAX_ACTIONS", 10)

    results = change_each(store, dict.fromkeys(ids, ban))

    assert results == [CommitResult(id_) for id_ in ids]
    with store.unit_of_work() as unit:
        assert all(person.is_banned for person in unit.people.get_many(ids))


def test_nobody_to_change_has_no_result(store: Store) -> None:
    with store.meter.measure() as used:
        assert change_each(store, {}) == []

    assert used.requests == 0


def test_one_that_would_be_lost_is_raised_as_misuse_and_written_by_nobody(store: Store) -> None:
    put_new(store, "ada", "bob")

    def change(unit: Unit, person_id: str) -> None:
        person = unit.people.get(person_id)
        person.ban(NOW)
        if person_id == "ada":
            unit.people.save(person)

    with pytest.raises(UnitOfWorkMisused):
        commit_each(store.unit_of_work, ["ada", "bob"], change)

    assert [stored(store, id_)["is_banned"] for id_ in ("ada", "bob")] == [True, False]


@pytest.mark.parametrize("error", [ZeroDivisionError(), Interrupted()], ids=["error", "interrupt"])
@pytest.mark.parametrize("is_staged", [True, False])
def test_what_is_no_refusal_is_raised_and_what_was_committed_before_stays(
    store: Store, error: BaseException, is_staged: bool
) -> None:
    put_new(store, "ada", "bob", "carol")
    reached: list[str] = []

    def change(unit: Unit, person_id: str) -> None:
        reached.append(person_id)
        person = unit.people.get(person_id)
        person.ban(NOW)
        if person_id == "bob" and not is_staged:
            raise error
        unit.people.save(person)
        if person_id == "bob":
            raise error

    with pytest.raises(type(error)):
        commit_each(store.unit_of_work, ["ada", "bob", "carol"], change)

    assert reached == ["ada", "bob"]
    assert [stored(store, id_)["is_banned"] for id_ in reached] == [True, False]
