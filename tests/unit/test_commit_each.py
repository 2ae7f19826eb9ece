"""Changing many, each in a commit of its own: what is tried, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import define, field
from typing_extensions import override

from application.commit_each import CommitResult, commit_each
from application.errors import CommitOutcomeUnknown, UnitOfWorkMisused
from application.ports.transaction import Transaction
from domain.errors import ConcurrencyConflict, DynastrataError
from infrastructure.commit.participant import Action, TransactionFactory
from infrastructure.memory.provider import MemoryProvider
from infrastructure.unit_of_work import TableUnitOfWork
from tests.contract.storing import address, facts, names, put_new, rename, stored
from tests.samples.contexts import Unit
from tests.samples.people import Email, EmailTaken, PersonNotFound
from tests.stores import Store
from tests.times import NOW


@define
class Made:
    """Makes units of work, and remembers them."""

    store: Store
    units: list[TableUnitOfWork] = field(factory=list)

    def __call__(self) -> TableUnitOfWork:
        self.units.append(self.store.unit_of_work())
        return self.units[-1]


@pytest.fixture
def store() -> Store:
    """A store that has the people `ada`, `bob` and `carol`."""
    store = Store("memory", MemoryProvider())
    put_new(store, "ada", "bob", "carol")
    return store


def ban(unit: Unit, person_id: str) -> None:
    person = unit.people.get(person_id)
    person.ban(NOW)
    unit.people.save(person)


def banned(store: Store, *ids: str) -> list[str]:
    """Those of these people whom everyone else sees as banned."""
    return [person_id for person_id in ids if stored(store, person_id)["is_banned"]]


def results_of(results: Sequence[CommitResult]) -> list[object]:
    return [(each.id, each.is_committed, facts(each.error)) for each in results]


def test_each_is_changed_in_a_unit_of_work_of_its_own(store: Store) -> None:
    made, seen = Made(store), list[Unit]()

    def change(unit: Unit, person_id: str) -> None:
        seen.append(unit)
        ban(unit, person_id)

    results = commit_each(made, ["bob", "ada"], change)

    assert results_of(results) == [("bob", True, None), ("ada", True, None)]
    assert seen == made.units
    assert len({id(unit) for unit in made.units}) == 2
    assert banned(store, "ada", "bob", "carol") == ["ada", "bob"]


def test_nothing_to_change_has_no_result(store: Store) -> None:
    made = Made(store)

    assert commit_each(made, [], ban) == []
    assert made.units == []


def test_change_is_stored_before_the_next_one_is_staged(store: Store) -> None:
    """So a later one can take the address that an earlier one gave up."""
    wanted = {"ada": Email("countess@example.com"), "bob": Email(address("ada"))}

    def change(unit: Unit, person_id: str) -> None:
        person = unit.people.get(person_id)
        person.change_email(wanted[person_id], NOW)
        unit.people.save(person)

    results = commit_each(store.unit_of_work, (person_id for person_id in wanted), change)

    assert [each.is_committed for each in results] == [True, True]
    assert stored(store, "bob")["email"] == address("ada")


def test_one_that_is_refused_leaves_the_others_alone(store: Store) -> None:
    def change(unit: Unit, person_id: str) -> None:
        ban(unit, person_id)
        match person_id:
            case "bob":
                rename(store, "bob", "Theirs")
            case "carol":
                unit.people.get("carol").change_email(Email(address("ada")), NOW)

    results = commit_each(store.unit_of_work, ["gone", "bob", "carol", "ada"], change)

    assert results_of(results) == [
        ("gone", False, (PersonNotFound, "gone")),
        ("bob", False, (ConcurrencyConflict, "Person", "bob", 1, 2)),
        ("carol", False, (EmailTaken, address("ada"))),
        ("ada", True, None),
    ]
    assert banned(store, "ada", "bob", "carol") == ["ada"]
    assert names(store, "bob") == ["Theirs"]


def test_one_that_is_refused_is_not_tried_again(store: Store) -> None:
    tried = []

    def change(unit: Unit, person_id: str) -> None:
        tried.append(person_id)
        ban(unit, person_id)
        rename(store, person_id, "Theirs")

    results = commit_each(store.unit_of_work, ["ada", "bob"], change)

    assert tried == ["ada", "bob"]
    assert [type(each.error) for each in results] == [ConcurrencyConflict] * 2


def test_same_id_twice_is_changed_twice(store: Store) -> None:
    results = commit_each(store.unit_of_work, ["ada", "ada"], ban)

    assert results_of(results) == [("ada", True, None)] * 2
    assert stored(store, "ada")["version"] == 2  # who is banned already is not changed again


def test_change_that_forgets_to_save_is_raised_and_stores_nothing(store: Store) -> None:
    def change(unit: Unit, person_id: str) -> None:
        unit.people.get(person_id).ban(NOW)

    with pytest.raises(UnitOfWorkMisused, match="changed and not saved: ada"):
        commit_each(store.unit_of_work, ["ada"], change)

    assert banned(store, "ada") == []


def test_commit_that_may_have_happened_is_told_as_such(store: Store) -> None:
    class Lossy(MemoryProvider):
        """Loses the answer to the first commit, which happens."""

        @property
        @override
        def transaction(self) -> TransactionFactory:
            return self.prepare

        def prepare(self, commit_id: str, actions: Sequence[Action]) -> Transaction:
            prepared = super().transaction(commit_id, actions)
            if not lost:
                lost.append(commit_id)
                prepared.commit()
                raise CommitOutcomeUnknown(commit_id)
            return prepared

    lost: list[str] = []
    assert isinstance(store.provider, MemoryProvider)
    lossy = Store("lossy", Lossy(store.provider.database))

    results = commit_each(lossy.unit_of_work, ["ada", "bob"], ban)

    assert results_of(results) == [
        ("ada", False, (CommitOutcomeUnknown, *lost)),
        ("bob", True, None),
    ]
    assert banned(store, "ada", "bob") == ["ada", "bob"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_nobody_raises_on_purpose_ends_it_and_what_came_before_stays_stored(
    store: Store, error: type[BaseException]
) -> None:
    def change(unit: Unit, person_id: str) -> None:
        ban(unit, person_id)
        if person_id == "bob":
            raise error

    with pytest.raises(error):
        commit_each(store.unit_of_work, ["ada", "bob", "carol"], change)

    assert banned(store, "ada", "bob", "carol") == ["ada"]


def test_result_is_committed_where_it_has_no_error() -> None:
    assert CommitResult("ada").is_committed
    assert not CommitResult("ada", DynastrataError()).is_committed
