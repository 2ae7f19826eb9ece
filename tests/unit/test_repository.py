"""Lookups by a unique value, while others move the claim on it."""

from __future__ import annotations

import pytest

from infrastructure.aggregates.repository import CLAIM_READS
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.aggregates import MemoryAggregateTable
from tests.contract.storing import address, put_new
from tests.samples.people import Email, PersonNotFound
from tests.stores import Store


def with_answers(monkeypatch: pytest.MonkeyPatch, *holders: str) -> list[str]:
    """Claims are read so late that these answers come first; returns the keys that were read."""
    read: list[str] = []
    present = MemoryAggregateTable.holder

    def holder(table: MemoryAggregateTable, claim_key: str) -> str | None:
        read.append(claim_key)
        answers = [*holders[len(read) - 1 : len(read)], present(table, claim_key)]
        return answers[0]

    monkeypatch.setattr(MemoryAggregateTable, "holder", holder)
    return read


@pytest.mark.parametrize("earlier_holder", ["bob", "gone"])
def test_claim_that_moved_while_it_was_followed_is_read_again(
    monkeypatch: pytest.MonkeyPatch, earlier_holder: str
) -> None:
    store = Store("memory", MemoryProvider())
    put_new(store, "ada", "bob")
    read = with_answers(monkeypatch, earlier_holder)

    with store.unit_of_work() as unit:
        assert unit.people.get_by_email(Email(address("ada"))).id == "ada"

    assert len(read) == 2


def test_claim_that_moves_every_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store("memory", MemoryProvider())
    put_new(store, "ada", "bob")
    read = with_answers(monkeypatch, *["bob"] * 9)

    with store.unit_of_work() as unit, pytest.raises(PersonNotFound):
        unit.people.get_by_email(Email(address("ada")))

    assert len(read) == CLAIM_READS
