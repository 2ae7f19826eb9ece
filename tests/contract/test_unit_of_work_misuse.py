"""What every adapter of `UnitOfWork` refuses, because changes would be lost."""

from __future__ import annotations

import pytest

from application.errors import UnitOfWorkMisused
from domain.errors import ConcurrencyConflict, InvalidValue
from domain.users.errors import UserNotFound
from domain.users.values import Email
from tests.contract.storing import put, put_new, stored
from tests.stores import Store
from tests.users import NOW, new_user


def test_leaving_the_block_without_a_commit_is_misuse_and_stores_nothing(store: Store) -> None:
    with pytest.raises(UnitOfWorkMisused, match="commit"), store.unit_of_work() as unit:
        unit.users.add(new_user(id="ada"))

    with pytest.raises(UserNotFound):
        stored(store, "ada")


def test_commit_with_a_forgotten_save_is_misuse_and_stores_nothing(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.users.get("ada").ban(NOW)
        unit.users.add(new_user("bob@example.com", id="bob"))
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.commit()
        unit.rollback()

    assert stored(store, "ada")["is_banned"] is False
    with pytest.raises(UserNotFound):
        stored(store, "bob")


def test_commit_after_a_change_that_came_after_the_last_one_needs_another_save(
    store: Store,
) -> None:
    with store.unit_of_work() as unit:
        user = new_user(id="ada")
        unit.users.add(user)
        unit.commit()
        user.ban(NOW)
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.commit()
        unit.rollback()


@pytest.mark.parametrize("stage", ["save", "remove"])
def test_user_of_another_unit_cannot_be_staged(store: Store, stage: str) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as other:
        foreign = other.users.get("ada")
    with store.unit_of_work() as unit:
        unit.users.get("ada")
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            getattr(unit.users, stage)(foreign)


def test_user_that_was_never_added_cannot_be_saved(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(UnitOfWorkMisused):
        unit.users.save(new_user())


def test_user_cannot_be_added_twice(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.users.add(new_user(id="ada"))
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.users.add(new_user(id="ada"))
        unit.rollback()


def test_user_that_was_stored_before_cannot_be_added(store: Store) -> None:
    user = new_user(id="ada")
    put(store, user)

    with store.unit_of_work() as unit, pytest.raises(InvalidValue) as refused:
        unit.users.add(user)

    assert refused.value.field == "version"


def test_user_staged_for_removal_cannot_be_saved(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        user = unit.users.get("ada")
        unit.users.remove(user)
        with pytest.raises(UnitOfWorkMisused, match="ada"):
            unit.users.save(user)
        unit.rollback()


def test_object_that_two_units_add_is_committed_by_one(store: Store) -> None:
    shared = new_user("first@example.com")
    with store.unit_of_work() as first, store.unit_of_work() as second:
        first.users.add(shared)
        second.users.add(shared)
        first.commit()
        shared.change_email(Email("second@example.com"), NOW)
        with pytest.raises(UnitOfWorkMisused, match="another unit of work"):
            second.commit()
        second.rollback()
        first.users.save(shared)
        first.commit()
    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email("second@example.com")).version == 2
        with pytest.raises(UserNotFound):
            unit.users.get_by_email(Email("first@example.com"))


def test_two_who_free_one_address_conflict_by_the_stale_one(store: Store) -> None:
    """The address moved from one user to another after the first was loaded."""
    with store.unit_of_work() as unit:
        unit.users.add(new_user("shared@example.com", id="a"))
        unit.users.add(new_user("other@example.com", id="b"))
        unit.commit()
    with store.unit_of_work() as unit:
        stale = unit.users.get("a")
        with store.unit_of_work() as meanwhile:
            a, b = meanwhile.users.get_many(["a", "b"])
            a.change_email(Email("moved@example.com"), NOW)
            b.change_email(Email("shared@example.com"), NOW)
            meanwhile.users.save(a)
            meanwhile.users.save(b)
            meanwhile.commit()
        unit.users.remove(stale)
        unit.users.remove(unit.users.get("b"))
        with pytest.raises(ConcurrencyConflict):
            unit.commit()
        unit.rollback()
