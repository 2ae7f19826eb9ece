"""What every adapter of `Outbox` promises about marking, giving up, cleaning up and counting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from application.ports.leases import LeaseLost
from application.ports.outbox import (
    KeyNotHeld,
    MessageKey,
    MessageNotFound,
    Metered,
    NotDeadLettered,
    OutboxStatistics,
)
from application.ports.relay_queue import Acknowledgement, Busy
from domain.errors import InvalidValue
from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from infrastructure.metering import Usage
from infrastructure.outbox.store import TableOutbox
from infrastructure.outbox.table import MAX_ERROR, MAX_MESSAGE
from tests.contract.storing import facts
from tests.outboxes import (
    LATER,
    add,
    dead_letter,
    entries,
    failed,
    ids_of,
    key,
    keys,
    message,
    message_of,
    messages,
    numbered,
    outbox_of,
    pending_ids,
    queue_of,
    small_pages,
    stored,
    take,
)
from tests.stores import Store, client_of, dynamodb_store
from tests.subscription.subscribing import FakeClock
from tests.times import NOW

Marking = Callable[[TableOutbox, MessageKey], Metered[None]]

MARKING: dict[str, Marking] = {
    "mark_as_published": lambda outbox, key: outbox.mark_as_published(key),
    "mark_many_as_published": lambda outbox, key: outbox.mark_many_as_published([key]),
    "increment_retry": lambda outbox, key: outbox.increment_retry(key, "error"),
    "retry": lambda outbox, key: outbox.retry(key),
}
any_marking = pytest.mark.parametrize("mark", MARKING.values(), ids=MARKING)


def hour(number: int) -> FakeClock:
    """A clock that stands this many hours after `NOW`."""
    return FakeClock(NOW + timedelta(hours=number))


def publish(store: Store, message_id: str, *, hours: int = 0) -> None:
    outbox_of(store, clock=hour(hours)).mark_as_published(key(message_id))


def dead_ids(store: Store) -> list[str]:
    return sorted(ids_of(outbox_of(store).dead_letters(1000).value))


class TestMarking:
    def test_published_message_has_its_moment_and_is_not_pending(self, store: Store) -> None:
        add(store, "1", "2")

        publish(store, "1", hours=1)

        found = stored(store, "1")
        assert (found.published_at, found.is_pending) == (NOW + timedelta(hours=1), False)
        assert found.message == message("1")
        assert pending_ids(store) == ["2"]

    def test_message_that_is_marked_again_keeps_its_first_moment(self, store: Store) -> None:
        add(store, "1")

        publish(store, "1", hours=1)
        publish(store, "1", hours=2)

        assert stored(store, "1").published_at == NOW + timedelta(hours=1)

    def test_more_than_one_transaction_takes_are_marked(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = numbered(2 * small_pages(monkeypatch) + 3)
        add(store, *ids)

        outbox_of(store).mark_many_as_published(keys(*ids[:-1], ids[0]))

        assert pending_ids(store) == [ids[-1]]

    def test_where_one_is_missing_none_of_its_transaction_is_marked(self, store: Store) -> None:
        add(store, "1", "2")

        with pytest.raises(MessageNotFound) as missing:
            outbox_of(store).mark_many_as_published(keys("1", "missing", "2"))

        assert facts(missing.value) == (MessageNotFound, "ada", "missing")
        assert pending_ids(store) == ["1", "2"]

    def test_none_at_all_are_marked_by_no_request(self, store: Store) -> None:
        with store.meter.measure() as used:
            outbox_of(store).mark_many_as_published([])

        assert used.requests == 0

    @any_marking
    def test_marking_what_does_not_exist_makes_no_ghost(self, store: Store, mark: Marking) -> None:
        with pytest.raises(MessageNotFound) as missing:
            mark(outbox_of(store), key("missing"))

        assert facts(missing.value) == (MessageNotFound, "ada", "missing")
        assert entries(store) == []

    @any_marking
    def test_marking_what_cannot_exist_is_no_different(self, store: Store, mark: Marking) -> None:
        for text in ("", "x" * 1025, "\ud800", "!head"):
            with pytest.raises(MessageNotFound):
                mark(outbox_of(store), key(text))

        assert entries(store) == []

    @any_marking
    def test_head_of_a_key_is_no_message(self, store: Store, mark: Marking) -> None:
        take(store)

        with pytest.raises(MessageNotFound):
            mark(outbox_of(store), key("!head"))
        with pytest.raises(MessageNotFound):
            stored(store, "!head")

        assert queue_of(store).take("ada", "other", NOW, LATER) == Busy(LATER)

    def test_failed_attempts_are_counted_and_the_last_error_is_kept(self, store: Store) -> None:
        add(store, "1")

        for error in ("first", "second"):
            outbox_of(store).increment_retry(key("1"), error)

        found = stored(store, "1")
        assert (found.retry_count, found.last_error, found.is_pending) == (2, "second", True)

    def test_beginning_of_a_long_error_is_kept(self, store: Store) -> None:
        add(store, "1")

        outbox_of(store).increment_retry(key("1"), "é" * 500_000)

        assert stored(store, "1").last_error == "é" * MAX_ERROR

    def test_half_a_character_in_an_error_does_not_keep_it_from_being_counted(
        self, store: Store
    ) -> None:
        add(store, "1")

        outbox_of(store).increment_retry(key("1"), "half \ud800")

        assert (stored(store, "1").retry_count, stored(store, "1").last_error) == (1, "half ?")

    def test_largest_message_has_room_for_all_that_happens_to_it(self, engine: LocalEngine) -> None:
        store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
        largest = message_of(MAX_MESSAGE)
        outbox_of(store).add(largest)
        outbox_of(store).increment_retry(key("1"), "\N{COLLISION SYMBOL}" * MAX_ERROR)
        dead_letter(store, "1")
        outbox_of(store).mark_as_published(key("1"))

        assert stored(store, "1").message == largest


class TestDeadLetters:
    def test_message_that_is_given_up_is_dead_and_not_pending(self, store: Store) -> None:
        add(store, "1", "2")

        dead_letter(store, "1")

        found = stored(store, "1")
        assert (found.dead_lettered_at, found.is_pending) == (NOW, False)
        assert (found.retry_count, found.last_error) == (1, "no such queue")
        assert (dead_ids(store), pending_ids(store)) == (["1"], ["2"])

    def test_so_many_of_them_are_told(self, store: Store) -> None:
        add(store, "1", "2", "3")
        dead_letter(store, "1", "2", "3")

        assert len(outbox_of(store).dead_letters(2).value) == 2
        with pytest.raises(InvalidValue, match="limit"):
            outbox_of(store).dead_letters(0)

    def test_dead_letter_that_is_sent_again_is_pending_as_if_just_added(self, store: Store) -> None:
        add(store, "1")
        dead_letter(store, "1")

        outbox_of(store).retry(key("1"))

        found = stored(store, "1")
        assert (found.is_pending, found.retry_count, found.dead_lettered_at) == (True, 0, None)
        assert (dead_ids(store), pending_ids(store)) == ([], ["1"])

    @pytest.mark.parametrize("is_published", [False, True])
    def test_nothing_else_is_sent_again(self, store: Store, is_published: bool) -> None:
        add(store, "1")
        if is_published:
            publish(store, "1")
        before = stored(store, "1")

        with pytest.raises(NotDeadLettered) as refused:
            outbox_of(store).retry(key("1"))

        assert facts(refused.value) == (NotDeadLettered, "ada", "1")
        assert stored(store, "1") == before

    def test_dead_letter_that_is_marked_as_published_is_none_any_more(self, store: Store) -> None:
        add(store, "1")
        dead_letter(store, "1")

        publish(store, "1")

        assert stored(store, "1").dead_lettered_at is None
        assert dead_ids(store) == []
        with pytest.raises(NotDeadLettered):
            outbox_of(store).retry(key("1"))


class TestReleasing:
    def test_key_that_is_held_is_free_and_its_holder_stores_nothing(self, store: Store) -> None:
        add(store, "1", "2")
        lease = take(store)

        outbox_of(store).release("ada")

        with pytest.raises(LeaseLost):
            queue_of(store).acknowledge(
                Acknowledgement(lease=lease, at=NOW, published=keys("1"))
            ).commit()
        assert pending_ids(store) == ["1", "2"]
        # One for each: a lease that was given back, and not freed, keeps its token.
        assert take(store, owner="other").token == lease.token + 2

    def test_key_that_rests_is_free_and_keeps_how_far_it_got(self, store: Store) -> None:
        add(store, "1", "2")
        queue_of(store).acknowledge(
            Acknowledgement(
                lease=take(store),
                at=NOW,
                published=keys("1"),
                failed=failed("2"),
                next_attempt=LATER,
            )
        ).commit()

        outbox_of(store).release("ada")

        lease = take(store, owner="other")
        assert (lease.last_message_id, lease.attempts) == ("1", 1)

    def test_key_that_is_free_is_not_released(self, store: Store) -> None:
        add(store, "1")
        queue_of(store).acknowledge(
            Acknowledgement(lease=take(store), at=NOW, published=keys("1"))
        ).commit()

        with pytest.raises(KeyNotHeld) as refused:
            outbox_of(store).release("ada")

        assert facts(refused.value) == (KeyNotHeld, "ada", True)
        assert "no relay holds it" in str(refused.value)
        assert take(store).token == 2

    def test_key_that_was_released_is_not_released_again(self, store: Store) -> None:
        take(store)
        outbox_of(store).release("ada")

        with pytest.raises(KeyNotHeld):
            outbox_of(store).release("ada")

    @pytest.mark.parametrize("text", ["nobody", "", "x" * 1025, "\ud800"])
    def test_key_that_is_unknown_is_said_to_be(self, store: Store, text: str) -> None:
        take(store)
        before = entries(store)

        with pytest.raises(KeyNotHeld) as refused:
            outbox_of(store).release(text)

        assert facts(refused.value) == (KeyNotHeld, text, False)
        assert "there is no key" in str(refused.value)
        assert entries(store) == before

    def test_other_keys_are_left_alone(self, store: Store) -> None:
        for ordering_key in ("ad", "ada"):
            take(store, ordering_key)

        outbox_of(store).release("ada")

        assert queue_of(store).take("ad", "other", NOW, LATER) == Busy(LATER)


class TestCleanup:
    def test_it_removes_what_was_published_before_the_moment(self, store: Store) -> None:
        add(store, "1", "2", "3")
        for number in (1, 2, 3):
            publish(store, str(number), hours=number)

        removed = outbox_of(store).cleanup(hour(2).now()).value

        assert removed == 1
        with pytest.raises(MessageNotFound):
            stored(store, "1")
        assert [bool(stored(store, id_).published_at) for id_ in ("2", "3")] == [True, True]

    def test_it_leaves_what_is_pending_or_dead_and_the_leases(self, store: Store) -> None:
        add(store, "1", "2", "3")
        publish(store, "1")
        dead_letter(store, "2")
        before = entries(store)

        removed = outbox_of(store).cleanup(hour(1).now()).value

        assert (removed, len(entries(store))) == (1, len(before) - 1)
        assert (dead_ids(store), pending_ids(store)) == (["2"], ["3"])
        assert take(store, now=LATER).token == 2

    def test_it_finds_nothing_where_nothing_is(self, store: Store) -> None:
        assert outbox_of(store).cleanup(NOW).value == 0

    def test_it_removes_more_than_one_request_can(self, store: Store) -> None:
        ids = numbered(60)
        add(store, *ids)
        outbox_of(store).mark_many_as_published(keys(*ids[:55]))

        assert outbox_of(store).cleanup(hour(1).now()).value == 55
        assert len(entries(store)) == 5

    def test_it_goes_through_all_pages(self, engine: LocalEngine) -> None:
        store = dynamodb_store(engine.name, client_of(engine.endpoint_url))
        ids = numbered(320)
        outbox_of(store).add_many(messages(*ids, payload=b"x" * 12_000))
        outbox_of(store).mark_many_as_published(keys(*ids[1:-1]))

        result = outbox_of(store).cleanup(hour(1).now())

        scans = result.requests - -(-318 // 25)
        assert (result.value, scans >= 5) == (318, True)
        assert pending_ids(store) == [ids[0], ids[-1]]
        assert len(entries(store)) == 2


class TestStatistics:
    def test_empty_outbox_has_nothing_to_tell(self, store: Store) -> None:
        statistics = outbox_of(store).statistics(count_published=True).value

        assert statistics == OutboxStatistics(
            pending=0, dead_lettered=0, oldest_pending=None, attempts=0, published=0
        )
        assert statistics.oldest_age(NOW) == timedelta()

    def test_everything_is_counted(self, store: Store) -> None:
        for number, ordering_key in enumerate(["a", "b", "a"], 1):
            created_at = NOW + timedelta(minutes=number)
            outbox_of(store).add(message(str(number), ordering_key, created_at=created_at))
        add(store, "0", "4", "5", "6", created_at=NOW)
        for error in ("first", "second"):
            outbox_of(store).increment_retry(key("1", "a"), error)
        outbox_of(store).increment_retry(key("2", "b"), "first")
        dead_letter(store, "4", "5")
        outbox_of(store).mark_many_as_published(keys("0", "6"))

        statistics = outbox_of(store).statistics(count_published=True).value

        assert statistics == OutboxStatistics(
            pending=3,
            dead_lettered=2,
            oldest_pending=NOW + timedelta(minutes=1),
            attempts=3,
            published=2,
        )
        assert statistics.oldest_age(NOW + timedelta(minutes=5)) == timedelta(minutes=4)

    def test_what_is_published_is_counted_only_when_asked(self, store: Store) -> None:
        add(store, "1")
        publish(store, "1")

        assert outbox_of(store).statistics().value.published is None
        assert outbox_of(store).statistics(count_published=True).value.published == 1


@frozen
class Priced:
    """An operation, and what it costs on the `filled` outbox: requests, read and write units."""

    run: Callable[[TableOutbox], Metered[Any]]
    price: tuple[int, float, float]


OPERATIONS = {
    "add": Priced(lambda outbox: outbox.add(message("new")), (1, 0, 2)),
    "add what is there": Priced(lambda outbox: outbox.add(message("1")), (2, 1, 0)),
    "add_many": Priced(lambda outbox: outbox.add_many(messages("new", "newer")), (1, 0, 4)),
    "get": Priced(lambda outbox: outbox.get(key("1")), (1, 1, 0)),
    "get_pending": Priced(lambda outbox: outbox.get_pending("ada", 1), (1, 1, 0)),
    "mark one": Priced(lambda outbox: outbox.mark_as_published(key("1")), (1, 0, 2)),
    "mark two": Priced(lambda outbox: outbox.mark_many_as_published(keys("1", "2")), (1, 0, 4)),
    "increment_retry": Priced(lambda outbox: outbox.increment_retry(key("1"), "error"), (1, 0, 2)),
    "retry": Priced(lambda outbox: outbox.retry(key("dead")), (1, 0, 2)),
    "dead_letters": Priced(lambda outbox: outbox.dead_letters(1), (2, 1.5, 0)),
    "cleanup": Priced(lambda outbox: outbox.cleanup(hour(1).now()), (2, 0.5, 1)),
    "statistics": Priced(lambda outbox: outbox.statistics(), (2, 1, 0)),
    "count": Priced(lambda outbox: outbox.statistics(count_published=True), (3, 1.5, 0)),
}
any_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def filled(store: Store) -> TableOutbox:
    """An outbox with something of everything."""
    add(store, "1", "2", "dead", "published")
    dead_letter(store, "dead")
    publish(store, "published")
    return outbox_of(store)


def taken(result: Metered[Any]) -> Usage:
    return Usage(result.requests, result.read_units, result.write_units)


@any_operation
def test_memory_costs_nothing(operation: Priced) -> None:
    outbox = filled(Store("memory", MemoryProvider()))

    assert taken(operation.run(outbox)) == Usage()


@pytest.mark.engine
@any_operation
def test_result_tells_what_the_operation_cost(ministack_store: Store, operation: Priced) -> None:
    outbox = filled(ministack_store)

    with ministack_store.meter.measure() as used:
        result = operation.run(outbox)

    assert taken(result) == used == Usage(*operation.price)
