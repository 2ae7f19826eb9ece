"""What every adapter promises about changing many users, each in a commit of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from application.commit_each import CommitResult, commit_each
from application.errors import UnitOfWorkMisused
from application.ports.unit_of_work import UnitOfWork
from domain.errors import ConcurrencyConflict
from domain.users.errors import EmailAlreadyRegistered, UserNotFound
from domain.users.user import User
from domain.users.values import Email
from tests.contract.storing import address, facts, names, put_new, rename, stored
from tests.stores import Store
from tests.users import NOW, new_user

Change = Callable[[User], object]


class Interrupted(BaseException):
    """Comes from outside, as an interrupt of the keyboard does."""


def change_each(
    store: Store, changes: dict[str, Change], before_commit: Callable[[str], object] = lambda _: ()
) -> list[CommitResult]:
    """Changes each of these users. Others may do something right before a commit."""

    def change(unit: UnitOfWork, user_id: str) -> None:
        user = unit.users.get(user_id)
        changes[user_id](user)
        unit.users.save(user)
        before_commit(user_id)

    return commit_each(store.unit_of_work, changes, change)


def ban(user: User) -> None:
    user.ban(NOW)


def call(first_name: str) -> Change:
    return lambda user: user.change_name(first_name, "Lovelace", NOW)


def move(email: str) -> Change:
    return lambda user: user.change_email(Email(email), NOW)


def test_each_user_has_a_result_of_its_own(store: Store) -> None:
    put_new(store, "fine", "stale", "taken", "unchanged", "holder", "last")

    results = change_each(
        store,
        {
            "fine": call("Ours"),
            "stale": call("Ours"),
            "taken": lambda user: (call("Ours")(user), move(address("holder"))(user)),
            "missing": call("Ours"),
            "unchanged": lambda _: None,
            "last": call("Ours"),
        },
        lambda user_id: rename(store, user_id, "Theirs") if user_id == "stale" else None,
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
        (ConcurrencyConflict, "User", "stale", 1, 2),
        (EmailAlreadyRegistered, address("holder")),
        (UserNotFound, "missing"),
        None,
        None,
    ]
    assert names(store, "fine", "stale", "taken", "last") == ["Ours", "Theirs", "Ada", "Ours"]
    assert stored(store, "taken")["email"] == address("taken")
    assert stored(store, "unchanged")["version"] == 1


def test_committed_users_advance_and_refused_ones_stay_as_they_were(store: Store) -> None:
    put_new(store, "fine", "stale")
    users: list[User] = []

    def ban_and_keep(user: User) -> None:
        user.ban(NOW)
        users.append(user)

    change_each(
        store,
        {"fine": ban_and_keep, "stale": ban_and_keep},
        lambda user_id: rename(store, user_id, "Theirs") if user_id == "stale" else None,
    )

    assert [(user.version, len(user.recorded_events)) for user in users] == [(2, 0), (1, 1)]


def test_nothing_of_a_refused_one_is_written(store: Store) -> None:
    put_new(store, "holder")

    def add_two(unit: UnitOfWork, user_id: str) -> None:
        unit.users.add(new_user(f"{user_id}@example.org", id=f"{user_id}-too"))
        unit.users.add(new_user(address(user_id), id=f"{user_id}-2"))

    results = commit_each(store.unit_of_work, ["holder", "new"], add_two)

    assert [result.is_committed for result in results] == [False, True]
    for never_stored in ("holder-too", "holder-2"):
        with pytest.raises(UserNotFound):
            stored(store, never_stored)
    assert [stored(store, id_)["version"] for id_ in ("new-too", "new-2")] == [1, 1]


def test_refused_user_can_be_changed_again(store: Store) -> None:
    put_new(store, "ada")
    (refused,) = change_each(store, {"ada": ban}, lambda _: rename(store, "ada", "Theirs"))

    (again,) = change_each(store, {"ada": ban})

    assert (refused.is_committed, again.is_committed) == (False, True)
    assert (stored(store, "ada")["first_name"], stored(store, "ada")["is_banned"]) == (
        "Theirs",
        True,
    )


def test_user_that_is_named_twice_is_changed_twice(store: Store) -> None:
    put_new(store, "ada")
    emails = iter(["countess@example.com", address("ada")])

    def change(unit: UnitOfWork, user_id: str) -> None:
        user = unit.users.get(user_id)
        user.change_email(Email(next(emails)), NOW)
        unit.users.save(user)

    results = commit_each(store.unit_of_work, iter(["ada", "ada"]), change)

    assert results == [CommitResult("ada"), CommitResult("ada")]
    with store.unit_of_work() as unit:
        assert unit.users.get_by_email(Email(address("ada"))).version == 3
        with pytest.raises(UserNotFound):
            unit.users.get_by_email(Email("countess@example.com"))


def test_what_another_unit_has_staged_waits_for_its_own_commit(store: Store) -> None:
    put_new(store, "ada", "bob")

    with store.unit_of_work() as unit:
        bob = unit.users.get("bob")
        unit.users.add(new_user("carol@example.com", id="carol"))
        bob.change_name("Changed", "Lovelace", NOW)
        unit.users.save(bob)
        change_each(store, {"ada": call("Changed")})
        between = names(store, "ada", "bob")
        unit.commit()

    assert between == ["Changed", "Ada"]
    assert names(store, "ada", "bob", "carol") == ["Changed", "Changed", "Ada"]


def test_rollback_of_another_unit_does_not_take_back_what_was_committed(store: Store) -> None:
    put_new(store, "ada")

    with store.unit_of_work() as unit:
        unit.users.get("ada").ban(NOW)
        change_each(store, {"ada": ban})
        unit.rollback()

    assert stored(store, "ada")["is_banned"] is True


def test_new_users_can_be_stored_this_way_too(store: Store) -> None:
    put_new(store, "holder")
    new = {"taken": address("holder"), "new": "new@example.com"}

    results = commit_each(
        store.unit_of_work, new, lambda unit, id_: unit.users.add(new_user(new[id_], id=id_))
    )

    assert [result.is_committed for result in results] == [False, True]
    assert stored(store, "new")["version"] == 1


def test_later_user_can_take_the_address_that_an_earlier_one_gave_up(store: Store) -> None:
    put_new(store, "ada", "bob")

    results = change_each(store, {"ada": move("countess@example.com"), "bob": move(address("ada"))})

    assert [result.is_committed for result in results] == [True, True]


def test_more_users_than_fit_into_one_commit_are_changed(store: Store) -> None:
    ids = [f"user-{n:03}" for n in range(101)]
    for start in range(0, len(ids), 30):
        put_new(store, *ids[start : start + 30])

    results = change_each(store, dict.fromkeys(ids, ban))

    assert results == [CommitResult(id_) for id_ in ids]
    with store.unit_of_work() as unit:
        assert all(user.is_banned for user in unit.users.get_many(ids))


def test_nobody_to_change_has_no_result(store: Store) -> None:
    with store.meter.measure() as used:
        assert change_each(store, {}) == []

    assert used.requests == 0


def test_one_that_would_be_lost_is_raised_as_misuse_and_written_by_nobody(store: Store) -> None:
    put_new(store, "ada", "bob")

    def change(unit: UnitOfWork, user_id: str) -> None:
        user = unit.users.get(user_id)
        user.ban(NOW)
        if user_id == "ada":
            unit.users.save(user)

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

    def change(unit: UnitOfWork, user_id: str) -> None:
        reached.append(user_id)
        user = unit.users.get(user_id)
        user.ban(NOW)
        if user_id == "bob" and not is_staged:
            raise error
        unit.users.save(user)
        if user_id == "bob":
            raise error

    with pytest.raises(type(error)):
        commit_each(store.unit_of_work, ["ada", "bob", "carol"], change)

    assert reached == ["ada", "bob"]
    assert [stored(store, id_)["is_banned"] for id_ in reached] == [True, False]
