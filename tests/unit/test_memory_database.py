"""The store in memory: copies in and out, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from application.errors import ItemWrittenTwice, LimitExceeded
from domain.errors import Conflict
from infrastructure.memory.database import MemoryAction, MemoryDatabase


def put(key: str, value: Any, *, refused: bool = False) -> MemoryAction:
    """Stores a value under a key, unless it is refused."""
    return MemoryAction("things", key, {"value": value}, lambda _: Conflict() if refused else None)


def database(**values: Any) -> MemoryDatabase:
    made = MemoryDatabase()
    made.transaction([put(key, value) for key, value in values.items()]).commit()
    return made


def test_what_is_read_is_a_copy() -> None:
    subject = database(a=["stored"])
    for record in (subject.get("things", "a"), *subject.get_all("things", ["a"])):
        assert record is not None
        record["value"].append("changed")

    assert subject.get("things", "a") == {"value": ["stored"]}


def test_what_is_written_is_a_copy_from_when_the_transaction_began() -> None:
    subject, value = MemoryDatabase(), ["stored"]

    transaction = subject.transaction([put("a", value)])
    value.append("changed before")
    transaction.commit()
    value.append("changed after")

    assert subject.get("things", "a") == {"value": ["stored"]}


def test_refused_action_leaves_every_other_unwritten() -> None:
    subject = database(a=1, c=1)
    actions = [put("a", 2), MemoryAction("things", "c", None), put("b", 2, refused=True)]

    with pytest.raises(Conflict):
        subject.transaction(actions).commit()

    assert subject.get_all("things", ["a", "b", "c"]) == [{"value": 1}, {"value": 1}]


def test_refusal_is_asked_with_what_is_stored_and_the_first_one_is_raised() -> None:
    subject, asked = database(a=1), []
    first = Conflict()

    def refuse(present: Any) -> Conflict:
        asked.append(present)
        return first

    actions = [MemoryAction("things", key, None, refuse) for key in ("a", "b")]
    with pytest.raises(Conflict) as refused:
        subject.transaction(actions).commit()

    assert refused.value is first
    assert asked == [{"value": 1}]


def test_removing_what_is_not_there_does_nothing() -> None:
    subject = database(a=1)

    subject.transaction([MemoryAction("things", "nothing", None)]).commit()

    assert subject.keys("things") == ["a"]


def test_tables_are_apart_and_keys_in_order() -> None:
    subject = database(b=1, a=1, c=1)

    assert subject.keys("things") == ["a", "b", "c"]
    assert (subject.keys("others"), subject.get("others", "a")) == ([], None)


def test_key_cannot_be_written_twice_in_one_transaction() -> None:
    with pytest.raises(ItemWrittenTwice) as twice:
        MemoryDatabase().transaction([put("a", 1), put("b", 1), put("a", 2)])

    assert twice.value.args == ("things", "a")


def test_transaction_has_the_limit_of_the_real_store() -> None:
    MemoryDatabase().transaction([put(str(n), 1) for n in range(100)])

    with pytest.raises(LimitExceeded) as exceeded:
        MemoryDatabase().transaction([put(str(n), 1) for n in range(101)])

    assert (exceeded.value.actual, exceeded.value.allowed) == (101, 100)
