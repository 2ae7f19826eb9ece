"""The journal: one holder a key, and what is behind stays known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve, frozen
from botocore.exceptions import ClientError
from typing_extensions import override

from application.ports.clock import Clock
from application.ports.leases import MAX_CLOCK_DIFFERENCE
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.transaction.transaction import DynamoDBTransaction
from infrastructure.migration.phases.journal import Journal
from infrastructure.migration.phases.journal_entry import Held, KeyBusy
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.store import KeyLost
from tests.migration.phases.tables import KEY, LEASE, TABLE, journal_on
from tests.stores import Store, on_dynamodb
from tests.times import NOW

pytestmark = on_dynamodb


@frozen
class Ahead(Clock):
    """A clock that stands."""

    by: timedelta = timedelta(0)

    @override
    def now(self) -> datetime:
        return NOW + self.by


@pytest.fixture
def journal(store: Store) -> Journal:
    return evolve(journal_on(store), clock=Ahead())


def later(journal: Journal, by: timedelta = LEASE) -> Journal:
    return evolve(journal, clock=Ahead(by))


def hold(journal: Journal, side: Side = Side.TARGET) -> Held:
    held = journal.try_hold(TABLE, KEY, side)
    assert held is not None
    return held


def test_key_has_one_holder(journal: Journal) -> None:
    held = hold(journal)
    assert journal.try_hold(TABLE, KEY, Side.TARGET) is None
    assert journal.is_held(held)
    journal.remove(held)
    assert journal.entry(TABLE, KEY) is None
    assert hold(journal).token != held.token


def test_other_keys_and_tables_are_free_meanwhile(journal: Journal) -> None:
    hold(journal)
    assert journal.try_hold(TABLE, {"pk": {"S": "PERSON#2"}}, Side.TARGET) is not None
    assert journal.try_hold("another", KEY, Side.TARGET) is not None


def test_whoever_waits_too_long_is_told_the_key(journal: Journal) -> None:
    hold(journal)
    with pytest.raises(KeyBusy, match="pk=PERSON#1 of people"):
        evolve(journal, patience=0.0).hold(TABLE, KEY, Side.TARGET)


def test_whoever_waits_gets_the_key_once_it_is_free(journal: Journal) -> None:
    first = hold(journal)
    waiting = evolve(journal, sleep=lambda _: journal.remove(first))
    assert not waiting.hold(TABLE, KEY, Side.TARGET).was_behind


def test_lease_that_ended_is_taken_over_with_what_it_says(journal: Journal) -> None:
    first = hold(journal, Side.SOURCE)
    assert (
        later(journal, LEASE - timedelta(milliseconds=1)).try_hold(TABLE, KEY, Side.TARGET) is None
    )
    second = hold(later(journal), Side.TARGET)
    assert (second.behind, second.was_behind) == (Side.SOURCE, True)
    assert not journal.is_held(first)


def test_lease_of_a_clock_far_ahead_is_void(journal: Journal) -> None:
    hold(later(journal, MAX_CLOCK_DIFFERENCE + timedelta(seconds=1)))
    assert hold(journal).was_behind


def test_what_is_left_is_free_at_once_and_says_why(journal: Journal) -> None:
    journal.leave(hold(journal), "the store was out")
    entry = journal.entry(TABLE, KEY)
    assert entry is not None
    assert (entry.behind, entry.is_held, entry.reason) == (Side.TARGET, False, "the store was out")
    second = hold(journal, Side.SOURCE)
    assert (second.behind, second.was_behind, second.reason) == (
        Side.TARGET,
        True,
        "the store was out",
    )


def test_settled_entry_says_that_the_other_side_is_behind(journal: Journal) -> None:
    turned = journal.turn(hold(journal, Side.SOURCE))
    assert turned is not None
    assert (turned.behind, turned.was_behind) == (Side.TARGET, False)
    entry = journal.entry(TABLE, KEY)
    assert entry is not None
    assert entry.behind is Side.TARGET


def test_slow_holder_changes_nothing_of_the_next_one(journal: Journal) -> None:
    slow = hold(journal, Side.SOURCE)
    held = hold(later(journal))
    journal.remove(slow)
    journal.leave(slow, "too late")
    assert journal.turn(slow) is None
    assert not journal.is_held(slow)
    assert journal.is_held(held)
    entry = journal.entry(TABLE, KEY)
    assert entry is not None
    assert (entry.behind, entry.is_held, entry.reason) == (Side.SOURCE, True, "")


def test_transaction_of_a_slow_holder_is_refused_also_where_the_key_is_free_again(
    journal: Journal,
) -> None:
    slow = hold(journal)
    guarded(journal, slow)
    held = hold(later(journal))
    with pytest.raises(KeyLost):
        guarded(journal, slow)
    journal.remove(held)
    with pytest.raises(KeyLost):
        guarded(journal, slow)
    hold(journal)
    with pytest.raises(KeyLost):
        guarded(journal, slow)


def guarded(journal: Journal, held: Held) -> None:
    DynamoDBTransaction(journal.gateway, journal.ids.new_id(), [journal.guard(held)]).commit()


def test_holder_whose_answer_was_lost_knows_the_key_for_its_own(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = journal.gateway._client
    update = client.update_item
    answers = iter(["lost", "given"])

    def losing(**request: object) -> object:
        answer = update(**request)
        if next(answers) == "lost":
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "UpdateItem")
        return answer

    monkeypatch.setattr(client, "update_item", losing)
    held = journal.try_hold(TABLE, KEY, Side.TARGET)
    assert held is not None
    assert not held.was_behind
    assert journal.is_held(held)


def test_entries_of_a_table_are_listed_with_their_keys(journal: Journal) -> None:
    keys: list[Item] = [
        {"pk": {"S": "a#b"}, "sk": {"N": "7"}},
        {"pk": {"S": "a"}, "sk": {"S": "b"}},
        {"pk": {"B": b"\x00#"}},
        {"pk": {"S": "x" * 2048}, "sk": {"S": "y" * 1024}},
    ]
    for key in keys:
        assert journal.try_hold(TABLE, key, Side.TARGET) is not None
    journal.try_hold("another", KEY, Side.TARGET)
    found = [entry.key for page in journal.pages(TABLE) for entry in page]
    assert sorted(map(_sorted, found)) == sorted(map(_sorted, keys))
    for key in found:
        held = later(journal).try_hold(TABLE, key, Side.TARGET)
        assert held is not None
        journal.remove(held)
    assert [*journal.pages(TABLE)] == [[]]


def _sorted(key: Item) -> str:
    return repr(sorted(key.items()))
