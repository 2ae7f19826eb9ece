"""What every adapter promises about aggregates that a commit requires to be unchanged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.errors import LimitExceeded, UnitOfWorkMisused
from domain.errors import ConcurrencyConflict
from tests.contract.storing import facts, names, put_new, rename
from tests.events.layouts import in_layout
from tests.samples.contexts import Unit
from tests.samples.parcels import line, new_parcel
from tests.samples.people import new_person
from tests.stores import Store
from tests.times import NOW

Change = Callable[[Store], object]


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with Ada, Bob and a parcel."""
    put_new(store, "ada", "bob")
    with store.unit_of_work() as unit:
        unit.parcels.add(new_parcel("first", "second"))
        unit.commit()
    return store


def ban_bob(unit: Unit) -> None:
    bob = unit.people.get("bob")
    bob.ban(NOW)
    unit.people.save(bob)


def require_ada(unit: Unit) -> None:
    unit.people.require_unchanged(unit.people.get("ada"))


def require_parcel(unit: Unit) -> None:
    unit.parcels.require_unchanged(unit.parcels.get("parcel-1"))


def rename_ada(store: Store) -> None:
    rename(store, "ada", "Theirs")


def remove_ada(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.people.remove(unit.people.get("ada"))
        unit.commit()


def add_lines(store: Store) -> None:
    with store.unit_of_work() as unit:
        parcel = unit.parcels.get("parcel-1")
        parcel.add_line(line("third"), NOW)
        parcel.add_line(line("fourth"), NOW)
        unit.parcels.save(parcel)
        unit.commit()


def add_packed_lines(store: Store) -> None:
    """The same two events as one item."""
    add_lines(in_layout(store, packed=True))


def is_banned(store: Store, person_id: str) -> bool:
    with store.unit_of_work() as unit:
        banned: bool = unit.people.get(person_id).is_banned
    return banned


@pytest.mark.parametrize("require", [require_ada, require_parcel])
def test_commit_that_requires_what_stayed_as_it_was_happens(
    filled: Store, require: Callable[[Unit], None]
) -> None:
    with filled.unit_of_work() as unit:
        require(unit)
        ban_bob(unit)
        unit.commit()

    assert is_banned(filled, "bob")


@pytest.mark.parametrize(
    ("require", "meanwhile", "conflict"),
    [
        (require_ada, rename_ada, (ConcurrencyConflict, "Person", "ada", 1, 2)),
        (require_ada, remove_ada, (ConcurrencyConflict, "Person", "ada", 1, None)),
        (require_parcel, add_lines, (ConcurrencyConflict, "Parcel", "parcel-1", 1, 3)),
        (require_parcel, add_packed_lines, (ConcurrencyConflict, "Parcel", "parcel-1", 1, 3)),
    ],
)
def test_commit_that_requires_what_has_moved_is_refused_and_writes_nothing(
    filled: Store,
    require: Callable[[Unit], None],
    meanwhile: Change,
    conflict: tuple[object, ...],
) -> None:
    with filled.unit_of_work() as unit:
        require(unit)
        ban_bob(unit)
        meanwhile(filled)
        with pytest.raises(ConcurrencyConflict) as raised:
            unit.commit()
        unit.rollback()

    assert facts(raised.value) == conflict
    assert not is_banned(filled, "bob")


def test_commit_that_only_requires_is_refused_where_that_has_moved(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        require_ada(unit)
        unit.commit()
        require_ada(unit)
        rename_ada(filled)
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()


def test_requirement_is_over_with_its_commit(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        require_ada(unit)
        unit.commit()
        rename_ada(filled)
        ban_bob(unit)
        unit.commit()

    assert is_banned(filled, "bob")


def test_requirement_is_forgotten_by_a_rollback(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        require_ada(unit)
        rename_ada(filled)
        unit.rollback()
        ban_bob(unit)
        unit.commit()

    assert is_banned(filled, "bob")


def test_what_the_commit_changes_may_be_required_too(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        ada, parcel = unit.people.get("ada"), unit.parcels.get("parcel-1")
        unit.people.require_unchanged(ada)
        unit.parcels.require_unchanged(parcel)
        ada.change_name("Ours", "Lovelace", NOW)
        parcel.add_line(line("third"), NOW)
        unit.people.save(ada)
        unit.parcels.save(parcel)
        unit.commit()

    assert names(filled, "ada") == ["Ours"]


def test_save_that_changes_nothing_does_not_lift_the_requirement(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        require_ada(unit)
        unit.people.save(unit.people.get("ada"))
        ban_bob(unit)
        rename_ada(filled)
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()


def test_stream_may_be_appended_to_and_required_in_one_commit(filled: Store) -> None:
    with filled.unit_of_work() as unit:
        require_parcel(unit)
        parcel = unit.parcels.get("parcel-1")
        parcel.add_line(line("third"), NOW)
        unit.parcels.save(parcel)
        add_lines(filled)
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()


def test_requirement_without_a_commit_is_a_forgotten_one(store: Store) -> None:
    put_new(store, "ada")

    with pytest.raises(UnitOfWorkMisused, match="not committed"), store.unit_of_work() as unit:
        require_ada(unit)


def test_what_this_unit_has_not_loaded_cannot_be_required(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UnitOfWorkMisused, match="not loaded"):
        unit.people.require_unchanged(new_person(id="ada"))


def test_changed_aggregate_that_is_required_has_to_be_saved(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        ada = unit.people.get("ada")
        unit.people.require_unchanged(ada)
        ada.ban(NOW)
        with pytest.raises(UnitOfWorkMisused, match="changed and not saved: ada"):
            unit.commit()
        unit.rollback()


def test_requirement_is_one_action_of_the_commit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        for person_id in ("ada", "bob"):
            unit.people.require_unchanged(unit.people.get(person_id))
        for n in range(33):  # each with the claim on its address, and its message
            unit.people.add(new_person(f"{n}@example.com", id=f"person-{n}"))
        with pytest.raises(LimitExceeded) as exceeded:
            unit.commit()
        unit.rollback()

    assert exceeded.value.args[:3] == ("actions in one commit", 101, 100)


def test_requirement_is_no_change_that_others_hear_of(store: Store) -> None:
    put_new(store, "ada", "bob")
    before = names(store, "ada")

    with store.unit_of_work() as unit:
        require_ada(unit)
        ban_bob(unit)
        unit.commit()
        ada = unit.people.get("ada")

    assert (names(store, "ada"), ada.version) == (before, 1)
