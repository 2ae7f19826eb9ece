"""What every adapter of `Outbox` promises about adding and reading messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone

import pytest
from attrs import define, evolve, field

from application.errors import InvalidItem, LimitExceeded, Throttled
from application.ports.outbox import MessageNotFound, OutboxMessage, StoredMessage
from application.ports.transaction import Transaction
from domain.errors import DynastrataError, InvalidValue
from infrastructure.commit.participant import Action, TransactionFactory
from infrastructure.outbox.table import MAX_MESSAGE
from tests.contract.storing import HOSTILE_IDS, facts
from tests.outboxes import (
    Unsent,
    add,
    dead_letter,
    entries,
    ids_of,
    key,
    keys,
    message,
    message_of,
    messages,
    numbered,
    outbox_of,
    pending,
    pending_ids,
    small_pages,
    stored,
)
from tests.stores import Store
from tests.times import NOW

WHOLE = message(
    "000000000001-000-commit",
    payload=b"\x00 any bytes \xff",
    headers={"aggregateVersion": "1", "näive": ""},
    aggregate_id="ada",
    aggregate_type="Person",
    correlation_id="request",
    causation_id="command",
    created_at=NOW + timedelta(microseconds=1),
)

# Beside the hostile ids, what can be no key of the outbox.
UNFIT = [*(text for kind, text in HOSTILE_IDS.items() if kind != "claim"), "x" * 1025]
UNFIT_IDS = [*UNFIT, " 1", "!head", "!"]


@define
class Interrupted:
    """A way to prepare transactions, the second of which is never sent. Counts their actions.

    It takes no more actions than `most`.
    """

    transaction: TransactionFactory
    most: int = 100
    counts: list[int] = field(factory=list)

    def __call__(self, commit_id: str, actions: Sequence[Action]) -> Transaction:
        if len(actions) > self.most:
            raise LimitExceeded("size of one commit", len(actions), self.most, "actions")
        self.counts.append(len(actions))
        return Unsent() if len(self.counts) == 2 else self.transaction(commit_id, actions)


def refusal(store: Store, *refused: OutboxMessage) -> DynastrataError:
    """What adding these raises; none of them is stored, nor anything sent."""
    with store.meter.measure() as used, pytest.raises(DynastrataError) as raised:
        outbox_of(store).add_many(refused)
    assert used.requests == 0
    assert entries(store) == []
    return raised.value


def field_of(refused: DynastrataError) -> str:
    assert isinstance(refused, InvalidValue)
    return refused.field


@pytest.mark.parametrize("added", [WHOLE, message()])
def test_message_is_read_back_as_it_was_added(store: Store, added: OutboxMessage) -> None:
    result = outbox_of(store).add(added)

    assert result.value == key(added.message_id or "")
    assert outbox_of(store).get(result.value).value == StoredMessage(message=added)


def test_moment_of_any_zone_stays_the_same_moment(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    outbox_of(store).add(message(created_at=elsewhere))

    assert stored(store, "1").message.created_at == NOW


def test_message_without_an_id_gets_one_that_sorts_by_time(store: Store) -> None:
    outbox = outbox_of(store)
    first = outbox.add(message(None)).value
    many = outbox.add_many([message(None, payload=b"%d" % n) for n in range(5)]).value
    last = outbox.add(message(None)).value

    assert ids_of(outbox.get_pending("ada", 9).value) == [
        each.message_id for each in (first, *many, last)
    ]
    assert [m.payload for m in pending(store)[1:-1]] == [b"0", b"1", b"2", b"3", b"4"]


def test_message_that_does_not_exist_is_not_found(store: Store) -> None:
    add(store, "1")

    with pytest.raises(MessageNotFound) as missing:
        stored(store, "2")

    assert facts(missing.value) == (MessageNotFound, "ada", "2")


def test_message_that_cannot_exist_is_not_found(store: Store) -> None:
    for ordering_key, message_id in [("ada", id_) for id_ in UNFIT_IDS] + [(k, "1") for k in UNFIT]:
        with pytest.raises(MessageNotFound):
            stored(store, message_id, ordering_key)


class TestManyMessages:
    def test_any_number_is_stored_in_this_order(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = numbered(2 * small_pages(monkeypatch) + 1)

        result = outbox_of(store).add_many(messages(*ids))

        assert result.value == keys(*ids)
        assert pending_ids(store) == ids

    def test_they_are_stored_a_hundred_at_once_the_first_ones_first(self, store: Store) -> None:
        outbox = outbox_of(store)
        interrupted = Interrupted(outbox.transaction)
        ids = numbered(101)

        with pytest.raises(Throttled):
            evolve(outbox, transaction=interrupted).add_many(messages(*ids))

        assert interrupted.counts == [100, 1]
        assert pending_ids(store) == ids[:100]
        assert outbox.add_many(messages(*ids)).value == keys(*ids)
        assert pending_ids(store) == ids

    def test_more_bytes_than_one_transaction_takes_are_stored(self, store: Store) -> None:
        ids = numbered(12)

        outbox_of(store).add_many(messages(*ids, payload=b"x" * 280_000))

        assert pending_ids(store) == ids

    def test_they_are_halved_until_they_fit_and_the_first_ones_are_stored_first(
        self, store: Store
    ) -> None:
        outbox = outbox_of(store)
        interrupted = Interrupted(outbox.transaction, most=6)
        ids = numbered(21)

        with pytest.raises(Throttled):
            evolve(outbox, transaction=interrupted).add_many(messages(*ids))

        assert interrupted.counts == [5, 5, 5, 6]
        assert pending_ids(store) == ids[:5]

    def test_none_at_all_are_stored_by_no_request(self, store: Store) -> None:
        with store.meter.measure() as used:
            assert outbox_of(store).add_many([]).value == []

        assert used.requests == 0

    def test_none_is_stored_where_the_last_one_is_refused(self, store: Store) -> None:
        refused = refusal(store, *messages(*numbered(200)), message("!"))

        assert field_of(refused) == "message_id"

    def test_none_is_stored_where_no_item_can_hold_the_last_one(self, store: Store) -> None:
        too_large = evolve(message_of(MAX_MESSAGE + 1), message_id="last")

        assert isinstance(refusal(store, *messages(*numbered(100)), too_large), LimitExceeded)

    def test_keys_do_not_share_ids(self, store: Store) -> None:
        for ordering_key in ("a", "ab", "b"):
            add(store, "1", "2", ordering_key=ordering_key)

        assert [pending_ids(store, k) for k in ("a", "ab", "b", "c")] == [["1", "2"]] * 3 + [[]]


class TestAnIdThatIsThereAlready:
    def test_it_counts_as_added_and_changes_nothing(self, store: Store) -> None:
        outbox_of(store).add(WHOLE)

        again = outbox_of(store).add(evolve(WHOLE, payload=b"other"))

        assert again.value == key("000000000001-000-commit")
        assert pending(store) == [WHOLE]

    def test_it_changes_nothing_either_once_it_is_published(self, store: Store) -> None:
        add(store, "1")
        outbox_of(store).mark_as_published(key("1"))
        before = stored(store, "1")

        outbox_of(store).add(message("1", payload=b"other"))

        assert stored(store, "1") == before
        assert pending_ids(store) == []

    def test_among_many_it_lets_the_others_be_added(self, store: Store) -> None:
        add(store, "2", "3")
        outbox_of(store).mark_as_published(key("3"))

        result = outbox_of(store).add_many(messages("1", "2", "3", "4", payload=b"other"))

        assert result.value == keys("1", "2", "3", "4")
        assert [(m.message_id, m.payload) for m in pending(store)] == [
            ("1", b"other"),
            ("2", message().payload),
            ("4", b"other"),
        ]

    def test_of_two_in_one_call_the_first_is_stored(self, store: Store) -> None:
        result = outbox_of(store).add_many([message("1", payload=b"first"), message("1")])

        assert result.value == keys("1", "1")
        assert [m.payload for m in pending(store)] == [b"first"]


class TestRefusals:
    def test_ordering_key_that_can_be_no_key_is_refused(self, store: Store) -> None:
        for text in UNFIT:
            assert field_of(refusal(store, message("1", text))) == "ordering_key"

    def test_id_that_can_be_no_id_is_refused(self, store: Store) -> None:
        for text in UNFIT_IDS:
            assert field_of(refusal(store, message(text))) == "message_id"

    def test_every_other_ordering_key_will_do(self, store: Store) -> None:
        for text in ("x" * 1024, "é" * 512, '"', "!", "a b#c:d/é", "CLAIM#email"):
            add(store, "1", ordering_key=text)

            assert pending_ids(store, text) == ["1"]

    def test_every_other_id_will_do(self, store: Store) -> None:
        texts = sorted(["x" * 1024, "é" * 512, '"', "a !b#c:d/é"])
        add(store, *texts)

        assert pending_ids(store) == texts

    def test_moment_without_its_zone_is_refused(self, store: Store) -> None:
        refused = refusal(store, message(created_at=NOW.replace(tzinfo=None)))

        assert field_of(refused) == "created_at"

    def test_message_one_byte_too_large_is_refused_with_the_sizes(self, store: Store) -> None:
        refused = refusal(store, message_of(MAX_MESSAGE + 1))

        assert facts(refused) == (
            LimitExceeded,
            *("message size", MAX_MESSAGE + 1, MAX_MESSAGE, "bytes", "1 of ada"),
        )

    def test_largest_message_is_added(self, store: Store) -> None:
        outbox_of(store).add(message_of(MAX_MESSAGE))

        assert pending(store) == [message_of(MAX_MESSAGE)]

    def test_header_that_is_no_text_is_refused(self, store: Store) -> None:
        assert field_of(refusal(store, message(headers={"a": "\ud800"}))) == "headers"

    def test_other_text_that_cannot_be_encoded_is_refused(self, store: Store) -> None:
        assert isinstance(refusal(store, message(correlation_id="\ud800")), InvalidItem)

    def test_what_the_destination_would_refuse_is_refused(self, store: Store) -> None:
        seen: list[OutboxMessage] = []

        def check(checked: OutboxMessage) -> None:
            seen.append(checked)
            if checked.destination == "nowhere":
                raise InvalidValue("destination", "is not configured")

        outbox = outbox_of(store, check=check)
        with pytest.raises(InvalidValue, match="not configured"):
            outbox.add_many([message(None), message(None, destination="nowhere")])

        assert entries(store) == []
        assert [bool(checked.message_id) for checked in seen] == [True, True]


class TestPendingMessages:
    def test_they_come_in_order_up_to_the_limit(self, store: Store) -> None:
        add(store, "b", "c", "a", "é", "B")

        found = [ids_of(outbox_of(store).get_pending("ada", limit).value) for limit in (1, 3, 9)]

        assert found == [["B"], ["B", "a", "b"], ["B", "a", "b", "c", "é"]]

    def test_neither_published_nor_dead_ones_are_among_them(self, store: Store) -> None:
        add(store, "1", "2", "3", "4")
        outbox_of(store).mark_as_published(key("2"))
        dead_letter(store, "3")

        assert pending_ids(store) == ["1", "4"]

    def test_they_are_found_behind_pages_of_published_ones(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = small_pages(monkeypatch)
        ids = numbered(2 * page + 5)
        add(store, *ids)
        outbox_of(store).mark_many_as_published(keys(*ids[: 2 * page + 2]))

        assert ids_of(outbox_of(store).get_pending("ada", 2).value) == ["0023", "0024"]

    def test_key_that_cannot_exist_has_none(self, store: Store) -> None:
        assert [pending_ids(store, text) for text in UNFIT] == [[]] * len(UNFIT)

    def test_limit_below_one_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidValue, match="limit"):
            outbox_of(store).get_pending("ada", 0)
