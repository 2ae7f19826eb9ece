"""What every adapter of `RelayQueue` promises about leases, reading and acknowledging."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import islice

import pytest

from application.ports.leases import MAX_CLOCK_DIFFERENCE, LeaseLost
from application.ports.outbox import MessageNotFound, NotDeadLettered
from application.ports.relay_queue import Acknowledgement, Busy, FailedMessage, KeyLease, PendingKey
from infrastructure.outbox.table import PAGE
from tests.contract.storing import facts
from tests.outboxes import (
    LATER,
    add,
    dead_letter,
    failed,
    ids_of,
    key,
    keys,
    message,
    numbered,
    outbox_of,
    pending_ids,
    queue_of,
    small_pages,
    stored,
    take,
    with_shards,
)
from tests.stores import Store
from tests.times import NOW

MOMENT = timedelta(milliseconds=1)
MUCH_LATER = LATER + timedelta(hours=1)
AHEAD = NOW + timedelta(hours=3)


def acknowledge(
    store: Store,
    lease: KeyLease,
    *published: str,
    failure: FailedMessage | None = None,
    next_attempt: datetime | None = None,
) -> None:
    queue_of(store).acknowledge(
        Acknowledgement(
            lease=lease,
            at=NOW + MOMENT,
            published=keys(*published),
            failed=failure,
            next_attempt=next_attempt,
        )
    ).commit()


def read(store: Store, lease: KeyLease, seen: Collection[str] = (), limit: int = 9) -> list[str]:
    return ids_of(queue_of(store).read(lease, seen, limit))


def seen_pending(store: Store) -> dict[str, set[str]]:
    """The keys that have work, with the messages by which that is seen."""
    found: dict[str, set[str]] = {}
    for each in islice(queue_of(store).pending(), 10 * PAGE):  # and not for ever
        found.setdefault(each.ordering_key, set()).update(each.message_ids)
    return found


class TestTaking:
    def test_lease_tells_all_about_itself(self, store: Store) -> None:
        assert queue_of(store).take("ada", "relay", NOW, LATER) == KeyLease(
            name="ada",
            owner="relay",
            token=1,
            until=LATER,
            last_message_id="",
            attempts=0,
        )

    def test_nobody_else_gets_it_before_it_ends(self, store: Store) -> None:
        take(store)

        busy = queue_of(store).take("ada", "other", LATER - MOMENT, MUCH_LATER)

        assert busy == Busy(LATER)
        assert busy.is_held
        assert take(store, owner="other", now=LATER, until=MUCH_LATER).token == 2

    def test_owner_may_take_its_own_again_for_longer(self, store: Store) -> None:
        take(store)

        assert take(store, until=MUCH_LATER).token == 2
        assert queue_of(store).take("ada", "other", LATER, MUCH_LATER) == Busy(MUCH_LATER)

    def test_taking_it_twice_until_the_same_time_is_one_lease(self, store: Store) -> None:
        """As a request does whose answer was lost, or that comes late as well."""
        add(store, "1")
        lease = take(store)

        assert take(store) == lease
        acknowledge(store, lease, "1")

        assert pending_ids(store) == []

    def test_request_that_comes_late_does_not_end_a_longer_lease(self, store: Store) -> None:
        add(store, "1")
        take(store)
        longer = take(store, until=MUCH_LATER)

        late = queue_of(store).take("ada", "relay", NOW, LATER)

        assert late == Busy(MUCH_LATER)
        acknowledge(store, longer, "1")
        assert pending_ids(store) == []

    def test_lease_that_was_acknowledged_is_free_at_once(self, store: Store) -> None:
        acknowledge(store, take(store))

        assert take(store, owner="other").token == 2

    def test_keys_do_not_share_leases(self, store: Store) -> None:
        assert [take(store, k, owner=k).token for k in ("ada", "ad", "adam")] == [1, 1, 1]


class TestReading:
    def test_pending_messages_come_in_order_up_to_the_limit(self, store: Store) -> None:
        add(store, "3", "1", "2", "4")
        outbox_of(store).mark_as_published(key("2"))

        assert read(store, take(store), limit=2) == ["1", "3"]

    def test_they_come_with_all_that_is_stored(self, store: Store) -> None:
        add(store, "1", payload=b"\xff")
        outbox_of(store).increment_retry(key("1"), "error")

        (found,) = queue_of(store).read(take(store), (), 9)

        assert found == stored(store, "1")
        assert (found.message, found.retry_count) == (message("1", payload=b"\xff"), 1)

    def test_they_begin_behind_the_last_one_dealt_with(self, store: Store) -> None:
        add(store, "1", "2", "3")
        acknowledge(store, take(store), "1", "2")

        lease = take(store)

        assert (lease.last_message_id, read(store, lease)) == ("2", ["3"])

    def test_those_of_other_keys_are_not_among_them(self, store: Store) -> None:
        for ordering_key in ("ad", "ada", "adam"):
            add(store, ordering_key, ordering_key=ordering_key)

        assert read(store, take(store)) == ["ada"]

    def test_they_are_found_behind_many_that_were_marked_by_hand(self, store: Store) -> None:
        ids = numbered(30)
        add(store, *ids)
        outbox_of(store).mark_many_as_published(keys(*ids[:25]))

        assert read(store, take(store), limit=3) == ids[25:28]

    def test_late_one_comes_first_where_it_was_seen(self, store: Store) -> None:
        add(store, "2", "4")
        acknowledge(store, take(store), "2")
        add(store, "1")

        lease = take(store)

        assert read(store, lease) == ["4"]
        assert read(store, lease, seen={"1", "4"}) == ["1", "4"]

    def test_all_late_ones_come_in_order_where_one_was_seen(self, store: Store) -> None:
        add(store, "3", "4")
        acknowledge(store, take(store), "3")
        add(store, "2", "1")

        assert read(store, take(store), seen={"2"}) == ["1", "2", "4"]

    def test_what_was_seen_and_is_published_by_now_does_not_come_again(self, store: Store) -> None:
        add(store, "1", "2", "3")
        acknowledge(store, take(store), "1", "2")
        add(store, "0")

        assert read(store, take(store), seen={"1", "2", "gone"}) == ["3"]

    def test_dead_letter_comes_only_once_it_is_sent_again(self, store: Store) -> None:
        add(store, "1", "2")
        dead_letter(store, "1")
        lease = take(store)
        while_dead = read(store, lease, seen={"1"})

        outbox_of(store).retry(key("1"))

        assert [while_dead, read(store, lease, seen={"1"})] == [["2"], ["1", "2"]]


class TestAcknowledging:
    def test_published_messages_are_marked_and_the_key_has_moved_on(self, store: Store) -> None:
        add(store, "1", "2", "3")

        acknowledge(store, take(store), "1", "2")

        assert [stored(store, id_).published_at for id_ in ("1", "2")] == [NOW + MOMENT] * 2
        assert pending_ids(store) == ["3"]
        assert take(store).last_message_id == "2"

    def test_late_message_does_not_move_the_key_back(self, store: Store) -> None:
        add(store, "2")
        acknowledge(store, take(store), "2")
        add(store, "1")

        acknowledge(store, take(store), "1")

        assert take(store).last_message_id == "2"
        assert pending_ids(store) == []

    def test_batch_that_found_nothing_changes_nothing(self, store: Store) -> None:
        add(store, "1", "2")
        acknowledge(store, take(store), "1")

        acknowledge(store, take(store))

        assert (take(store).last_message_id, pending_ids(store)) == ("1", ["2"])

    def test_as_many_as_fit_are_acknowledged_at_once(self, store: Store) -> None:
        ids = numbered(99)
        add(store, *ids)

        acknowledge(store, take(store), *ids)

        assert (pending_ids(store), take(store).last_message_id) == ([], ids[-1])

    def test_applied_acknowledgement_is_not_applied_again(self, store: Store) -> None:
        add(store, "1")
        transaction = queue_of(store).acknowledge(
            Acknowledgement(lease=take(store), at=NOW, published=keys("1"))
        )
        transaction.commit()
        take(store, owner="other")

        transaction.commit()

        assert queue_of(store).take("ada", "relay", NOW, LATER) == Busy(LATER)

    def test_where_a_message_is_gone_nothing_is_acknowledged(self, store: Store) -> None:
        add(store, "1", "3")
        lease = take(store)

        with pytest.raises(MessageNotFound) as missing:
            acknowledge(store, lease, "1", "2", failure=failed("3"))

        assert facts(missing.value) == (MessageNotFound, "ada", "2")
        assert pending_ids(store) == ["1", "3"]
        assert stored(store, "3").retry_count == 0
        assert queue_of(store).take("ada", "other", NOW, LATER) == Busy(LATER)
        assert take(store).last_message_id == ""


class TestFailures:
    def test_failure_is_counted_and_told(self, store: Store) -> None:
        add(store, "1", "2")

        acknowledge(store, take(store), failure=failed("1"), next_attempt=LATER)

        found = stored(store, "1")
        assert (found.retry_count, found.last_error) == (1, "no such queue")
        assert pending_ids(store) == ["1", "2"]

    @pytest.mark.parametrize("owner", ["relay", "other"])
    def test_nobody_tries_the_key_before_the_next_attempt(self, store: Store, owner: str) -> None:
        add(store, "1")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=LATER)

        busy = queue_of(store).take("ada", owner, LATER - MOMENT, MUCH_LATER)
        assert busy == Busy(LATER)
        assert not busy.is_held

        lease = take(store, owner=owner, now=LATER, until=MUCH_LATER)
        assert (lease.token, lease.attempts, lease.last_message_id) == (2, 1, "")

    def test_attempts_grow_from_failure_to_failure(self, store: Store) -> None:
        add(store, "1")

        for attempts in (0, 1, 2):
            lease = take(store)
            assert (lease.attempts, stored(store, "1").retry_count) == (attempts, attempts)
            acknowledge(store, lease, failure=failed("1"), next_attempt=NOW)

    def test_failure_behind_a_success_is_the_first_one(self, store: Store) -> None:
        add(store, "1", "2")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=NOW)

        acknowledge(store, take(store), "1", failure=failed("2"), next_attempt=NOW)

        lease = take(store)
        assert (lease.attempts, lease.last_message_id) == (1, "1")
        assert (pending_ids(store), stored(store, "2").retry_count) == (["2"], 1)

    def test_success_forgets_the_failures(self, store: Store) -> None:
        add(store, "1")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=NOW)

        acknowledge(store, take(store), "1")

        assert take(store).attempts == 0
        assert stored(store, "1").retry_count == 1

    def test_batch_that_found_nothing_keeps_the_count(self, store: Store) -> None:
        add(store, "1")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=NOW)

        acknowledge(store, take(store))

        assert take(store).attempts == 1

    def test_key_goes_on_behind_a_dead_letter_at_once(self, store: Store) -> None:
        add(store, "1", "2", "3")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=NOW)

        acknowledge(store, take(store), "1", failure=failed("2", is_dead=True))

        lease = take(store, owner="other")
        assert (lease.last_message_id, lease.attempts) == ("2", 0)
        assert read(store, lease) == ["3"]
        assert stored(store, "2").dead_lettered_at == NOW + MOMENT

    def test_what_was_marked_by_hand_meanwhile_cannot_be_sent_again(self, store: Store) -> None:
        add(store, "1")
        lease = take(store)
        outbox_of(store).mark_as_published(key("1"))
        acknowledge(store, lease, failure=failed("1", is_dead=True))

        with pytest.raises(NotDeadLettered):
            outbox_of(store).retry(key("1"))

        assert seen_pending(store) == {}


class TestFencing:
    @pytest.mark.parametrize("owner", ["other", "relay"])
    def test_relay_that_outlived_its_lease_changes_nothing(self, store: Store, owner: str) -> None:
        """Not even under the same name: a relay that was started again is another one."""
        add(store, "1", "2")
        late = take(store)
        current = take(store, owner=owner, now=LATER, until=MUCH_LATER)

        for failure in (None, failed("2"), failed("2", is_dead=True)):
            with pytest.raises(LeaseLost) as refused:
                acknowledge(store, late, "1", failure=failure, next_attempt=MUCH_LATER)
            assert facts(refused.value) == (LeaseLost, "ada", "relay")

        assert pending_ids(store) == ["1", "2"]
        assert stored(store, "2").retry_count == 0
        assert queue_of(store).take("ada", "third", LATER, MUCH_LATER) == Busy(MUCH_LATER)
        acknowledge(store, current, "1")
        assert (take(store).last_message_id, pending_ids(store)) == ("1", ["2"])

    def test_it_changes_nothing_either_once_the_other_one_is_done(self, store: Store) -> None:
        add(store, "1", "2")
        late = take(store)
        acknowledge(store, take(store, owner="other", now=LATER, until=MUCH_LATER), "1")

        with pytest.raises(LeaseLost):
            acknowledge(store, late, "1", "2")

        assert (take(store).last_message_id, pending_ids(store)) == ("1", ["2"])

    def test_lease_that_nobody_took_over_is_acknowledged_late(self, store: Store) -> None:
        add(store, "1")
        late = take(store, until=NOW)

        acknowledge(store, late, "1")

        assert pending_ids(store) == []

    def test_lease_is_acknowledged_once(self, store: Store) -> None:
        add(store, "1", "2")
        lease = take(store)
        acknowledge(store, lease, "1")

        with pytest.raises(LeaseLost):
            acknowledge(store, lease, "2")

        assert pending_ids(store) == ["2"]


class TestClocks:
    """A clock that is ahead by hours neither holds a key nor keeps it from being tried."""

    def test_lease_from_hours_ahead_is_void(self, store: Store) -> None:
        add(store, "1")
        late = take(store, owner="other", now=AHEAD, until=AHEAD + timedelta(seconds=12))

        acknowledge(store, take(store), "1")

        with pytest.raises(LeaseLost):
            acknowledge(store, late, "1")
        assert pending_ids(store) == []

    def test_pause_from_hours_ahead_is_void_and_stays_so(self, store: Store) -> None:
        add(store, "1")
        lease = take(store, owner="other", now=AHEAD, until=AHEAD + timedelta(seconds=12))
        queue_of(store).acknowledge(
            Acknowledgement(
                lease=lease,
                at=AHEAD,
                failed=failed("1"),
                next_attempt=AHEAD + timedelta(seconds=1),
            )
        ).commit()

        assert (take(store).token, take(store).attempts) == (2, 1)
        # Whoever took it died: with its lease, the pause does not count again.
        assert take(store, owner="third", now=LATER, until=MUCH_LATER).token == 3

    def test_lease_that_follows_a_void_one_is_good(self, store: Store) -> None:
        take(store, owner="other", now=AHEAD, until=AHEAD + timedelta(seconds=12))

        take(store)

        assert queue_of(store).take("ada", "third", NOW, LATER) == Busy(LATER)

    def test_lease_is_good_however_long_it_is(self, store: Store) -> None:
        """A relay with leases of hours is respected by those with leases of half a minute."""
        take(store, owner="other", until=AHEAD)

        assert queue_of(store).take("ada", "relay", NOW, LATER) == Busy(AHEAD)

    def test_pause_is_good_however_long_it_is(self, store: Store) -> None:
        add(store, "1")
        acknowledge(store, take(store), failure=failed("1"), next_attempt=AHEAD)

        assert queue_of(store).take("ada", "relay", NOW, LATER) == Busy(AHEAD)

    def test_lease_from_a_little_ahead_is_good(self, store: Store) -> None:
        ahead = NOW + MAX_CLOCK_DIFFERENCE
        take(store, owner="other", now=ahead, until=ahead + timedelta(seconds=12))

        assert isinstance(queue_of(store).take("ada", "relay", NOW, LATER), Busy)
        assert take(store, now=NOW - MOMENT, until=LATER).token == 2


class TestPending:
    def test_nothing_is_pending_in_an_empty_outbox(self, store: Store) -> None:
        assert list(queue_of(store).pending()) == []

    def test_keys_with_pending_messages_are_pending(self, store: Store) -> None:
        for ordering_key, ids in {"a": "12", "b": "34", "c": "5", "d": "6"}.items():
            add(store, *ids, ordering_key=ordering_key)
        outbox_of(store).mark_many_as_published([key("3", "b"), key("5", "c")])
        dead_letter(store, "6", ordering_key="d")

        found = sorted(queue_of(store).pending(), key=lambda each: each.ordering_key)

        assert found == [PendingKey("a", frozenset("12")), PendingKey("b", frozenset("4"))]

    def test_dead_letter_that_is_sent_again_is_pending(self, store: Store) -> None:
        add(store, "1")
        dead_letter(store, "1")
        assert seen_pending(store) == {}

        outbox_of(store).retry(key("1"))

        assert seen_pending(store) == {"ada": {"1"}}

    def test_key_with_a_great_many_messages_hides_no_other(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = small_pages(monkeypatch)
        ids = numbered(page * 2 + 5)
        for ordering_key in ("a", "c"):
            add(store, "1", "2", "3", ordering_key=ordering_key)
        add(store, *ids, ordering_key="b")

        found = seen_pending(store)

        assert found["a"] == found["c"] == {"1", "2", "3"}
        assert found["b"] <= set(ids)
        assert len(found["b"]) >= page - 3

    def test_more_keys_than_fit_a_page_are_pending(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        all_keys = numbered(small_pages(monkeypatch) + 5)
        outbox_of(store).add_many([message("1", ordering_key) for ordering_key in all_keys])

        assert seen_pending(store) == {ordering_key: {"1"} for ordering_key in all_keys}

    def test_keys_come_in_another_order_each_time(self, store: Store) -> None:
        for ordering_key in numbered(20):
            add(store, "1", ordering_key=ordering_key)

        orders = {tuple(each.ordering_key for each in queue_of(store).pending()) for _ in range(5)}

        assert len(orders) > 1


class TestShards:
    def test_all_of_them_are_asked(self, store: Store) -> None:
        store = with_shards(store, 3)
        all_keys = numbered(12)
        outbox_of(store).add_many([message("1", ordering_key) for ordering_key in all_keys])
        for ordering_key in all_keys[:4]:
            dead_letter(store, "1", ordering_key=ordering_key)
        outbox_of(store).retry(key("1", all_keys[0]))

        dead = outbox_of(store).dead_letters(99).value
        statistics = outbox_of(store).statistics().value

        assert seen_pending(store).keys() == {all_keys[0], *all_keys[4:]}
        assert {each.key.ordering_key for each in dead} == set(all_keys[1:4])
        assert (statistics.pending, statistics.dead_lettered) == (9, 3)

    def test_what_was_added_with_fewer_is_still_found(self, store: Store) -> None:
        all_keys = numbered(6)
        outbox_of(store).add_many([message("1", ordering_key) for ordering_key in all_keys])

        assert seen_pending(with_shards(store, 4)).keys() == set(all_keys)
