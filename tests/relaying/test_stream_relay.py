"""A relay that follows the stream of the outbox, on every provider and engine."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Event, Thread

import pytest
from structlog.testing import capture_logs

from application.ports.leases import LeaseLost
from application.ports.outbox import OutboxMessage, StoredMessage, UnreadableMessage
from application.relay import RelayOptions, RelayReport
from infrastructure.dynamodb.items import Item
from infrastructure.dynamodb.mappers.outbox import message_of_image
from infrastructure.engines import LocalEngine
from infrastructure.memory.provider import MemoryProvider
from infrastructure.outbox.relays import became_pending, log
from infrastructure.outbox.table import HEAD
from infrastructure.subscriptions.change_reader import ChangeKind, TableChange
from tests.faults.faulty_client import FaultyClient
from tests.outboxes import key, message, numbered, outbox_of, pending_ids
from tests.relaying.destinations import ALWAYS
from tests.relaying.running import (
    KEY_LEASE,
    STREAM_LEASE,
    SUBSCRIPTION,
    Killed,
    Relaying,
    Step,
    relaying,
    troubles,
)
from tests.stores import Store, client_of, dynamodb_store
from tests.times import NOW

HOURS = 3 * 3600.0


def nothing() -> None:
    """A step in which nothing happens."""


def adds(relays: Relaying, *ids: str, ordering_key: str = "ada") -> Step:
    return lambda: relays.add(*ids, ordering_key=ordering_key)


class TestWhatComes:
    def test_messages_are_published_as_they_are_committed(self, relays: Relaying) -> None:
        relays.follow(
            adds(relays, "1"),
            relays.accepts("1"),
            adds(relays, "2", "3"),
            relays.accepts("1", "2", "3"),
            adds(relays, "1", ordering_key="grace"),
        )

        assert relays.destination.ids("grace") == ["1"]
        assert pending_ids(relays.store) == pending_ids(relays.store, "grace") == []

    def test_for_that_the_index_is_read_once_and_not_again(self, relays: Relaying) -> None:
        relays.follow(*[adds(relays, id_) for id_ in numbered(10)])

        assert (relays.destination.ids(), relays.queue.sweeps) == (numbered(10), 1)

    def test_more_messages_than_are_worked_at_together_come_in_order(
        self, relays: Relaying
    ) -> None:
        names = ("ada", "grace", "alan")
        ids = numbered(RelayOptions().batch_size + 5)
        relays.follow(*[adds(relays, *ids, ordering_key=name) for name in names])

        assert [relays.destination.ids(name) for name in names] == [ids] * 3

    def test_a_dead_letter_that_is_sent_again_comes_by_the_stream(self, relays: Relaying) -> None:
        relays.add("1", "2")
        relays.give_up("1")

        relays.follow(relays.accepts("2"), lambda: outbox_of(relays.store).retry(key("1")))

        assert (relays.destination.ids(), relays.queue.sweeps) == (["2", "1"], 1)

    def test_what_relays_write_themselves_brings_no_key_more_batches(
        self, relays: Relaying
    ) -> None:
        relays.follow(adds(relays, "1"), nothing, nothing, adds(relays, "2"), nothing, nothing)

        assert relays.queue.taken == ["ada", "ada"]

    def test_what_was_there_before_is_published_by_the_first_sweep(self, relays: Relaying) -> None:
        relays.add("1", "2")

        relays.follow()

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1", "2"], 1)

    def test_a_later_sweep_finds_what_the_stream_did_not_tell(self, relays: Relaying) -> None:
        def add_untold() -> None:
            relays.trouble.lost.append("record")
            relays.add("1")

        relays.follow(
            add_untold,
            relays.accepts(),
            relays.passes(20),
            relays.accepts(),
            relays.passes(10),
            sweep=30,
        )

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1"], 2)

    def test_it_sweeps_where_the_clock_has_stepped_back(self, relays: Relaying) -> None:
        def add_untold() -> None:
            relays.trouble.lost.append("record")
            relays.add("1")

        relays.follow(add_untold, relays.accepts(), relays.passes(-HOURS), sweep=30)

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1"], 2)

    def test_it_follows_and_sweeps_though_an_instance_hours_ahead_had_the_stream(
        self, relays: Relaying
    ) -> None:
        relays.clock.advance(HOURS)
        relays.steal_the_stream()
        relays.clock.advance(-HOURS)
        relays.add("1")

        relays.follow(relays.accepts("1"))

        assert relays.queue.sweeps == 1

    def test_so_it_does_where_there_are_always_news(self, relays: Relaying) -> None:
        def add_untold() -> None:
            relays.trouble.lost.append("record")
            relays.add("1")

        relays.destination.on_message = lambda given: add_next(relays, given)

        relays.follow(add_untold, adds(relays, "0002", ordering_key="grace"), sweep=5)

        accepted = [(each.ordering_key, each.message_id) for each in relays.destination.accepted]
        assert accepted.index(("ada", "1")) < accepted.index(("grace", "0010"))

    def test_each_report_is_told(self, relays: Relaying) -> None:
        relay = relays.following(adds(relays, "1", "2"), adds(relays, "3"))
        reports: list[RelayReport] = []
        relay.on_report = reports.append

        relay.run()

        assert [report.published for report in reports if report.published] == [2, 1]


class TestManyChanges:
    """A page of more changes than are worked at before the lease may be renewed: fifty."""

    @pytest.fixture
    def relays(self) -> Relaying:
        return relaying(Store("memory", MemoryProvider()))

    def test_what_a_part_of_the_page_told_does_not_come_again(self, relays: Relaying) -> None:
        def die_in_the_second_part(_: OutboxMessage) -> None:
            if len(relays.destination.accepted) == 60:
                raise Killed

        relays.destination.on_message = die_in_the_second_part
        with pytest.raises(Killed):
            relays.follow(many(relays))
        relays.destination.on_message = lambda _: None
        relays.came.clear()

        relays.follow()

        assert relays.came[0] == "0051"
        assert len(relays.destination.accepted) == 120

    def test_the_lease_is_kept_while_the_page_is_worked_at(self, relays: Relaying) -> None:
        taken: list[object] = []

        def look(_: OutboxMessage) -> None:
            relays.clock.advance(1)
            if len(relays.destination.accepted) == 100:
                now = relays.clock.now()
                checkpoints = relays.adapters.checkpoints
                taken.append(checkpoints.take(SUBSCRIPTION, "another", now, now))

        relays.destination.on_message = look
        relays.follow(many(relays))

        assert taken == [None]
        assert len(relays.destination.accepted) == 120


class TestFailures:
    def test_a_failed_message_is_tried_again_after_its_pause_without_news_or_sweep(
        self, relays: Relaying
    ) -> None:
        relays.destination.refusals = {"1": 2}

        relays.follow(
            adds(relays, "1", "2"),
            tried(relays, 1),
            relays.passes(1),
            tried(relays, 1),
            relays.passes(1),
            tried(relays, 2),
            relays.passes(4),
        )

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1", "2"], 1)

    def test_so_is_one_that_a_sweep_found(self, relays: Relaying) -> None:
        relays.add("1")
        relays.destination.refusals = {"1": 1}

        relays.follow(tried(relays, 1), relays.passes(2))

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1"], 1)

    def test_counting_an_attempt_brings_no_other_one(self, relays: Relaying) -> None:
        relays.destination.refusals = {"1": ALWAYS}

        relays.follow(adds(relays, "1"), *[nothing] * 5)

        assert (len(relays.destination.tried), relays.queue.taken) == (1, ["ada"])

    def test_a_busy_key_is_worked_at_again_once_it_is_free(self, relays: Relaying) -> None:
        relays.hold("ada")

        relays.follow(
            adds(relays, "1"),
            relays.accepts(),
            relays.passes(KEY_LEASE - 1),
            relays.accepts(),
            relays.passes(1),
        )

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1"], 1)

    def test_what_was_seen_of_a_busy_key_is_not_forgotten_over_its_news(
        self, relays: Relaying
    ) -> None:
        relays.add("1", "2")
        relays.give_up("1")

        def hold_and_retry() -> None:
            relays.hold("ada")
            outbox_of(relays.store).retry(key("1"))

        def free_and_add() -> None:
            relays.clock.advance(KEY_LEASE)
            relays.add("3")

        relays.follow(relays.accepts("2"), hold_and_retry, relays.accepts("2"), free_and_add)

        assert (relays.destination.ids(), relays.queue.sweeps) == (["2", "1", "3"], 1)

    def test_a_failing_key_does_not_stop_another_one(self, relays: Relaying) -> None:
        relays.destination.refusals = {"1": ALWAYS}

        relays.follow(adds(relays, "1", "2"), adds(relays, "5", ordering_key="grace"))

        assert (relays.destination.ids(), relays.destination.ids("grace")) == ([], ["5"])

    def test_it_is_tried_again_also_where_there_are_always_news(self, relays: Relaying) -> None:
        relays.destination.refusals = {"1": 1}
        relays.destination.on_message = lambda given: add_next(relays, given)

        relays.follow(adds(relays, "1"), adds(relays, "0002", ordering_key="grace"))

        order = [(each.ordering_key, each.message_id) for each in relays.destination.accepted]
        assert order.index(("ada", "1")) < order.index(("grace", "0010"))
        assert order[-1] == ("grace", "0020")

    def test_many_dead_letters_sent_again_all_come(self, relays: Relaying) -> None:
        ids = numbered(30)
        relays.add(*ids)
        relays.give_up(*ids)

        def retry() -> None:
            for id_ in ids:
                outbox_of(relays.store).retry(key(id_))

        relays.follow(retry)

        assert (relays.destination.ids(), relays.queue.sweeps) == (ids, 1)

    def test_a_store_that_fails_is_told_and_tried_again_without_waiting_for_its_own_lease(
        self, relays: Relaying
    ) -> None:
        def fail() -> None:
            down(relays)
            relays.add("2")

        with capture_logs() as lines:
            relays.follow(
                adds(relays, "1"),
                fail,
                relays.accepts("1"),
                lambda: up(relays),
                relays.accepts("1", "2"),
            )

        # Time stood still: it was not its lease that ended.
        assert troubles(lines) == ["relay cannot reach its store"] * 2

    def test_whatever_is_raised_is_told_and_the_stream_followed_anew(
        self, relays: Relaying
    ) -> None:
        relays.trouble.error = KeyError("ConsumedCapacity")

        def fail() -> None:
            down(relays)
            relays.add("2")

        with capture_logs() as lines:
            relays.follow(
                adds(relays, "1"),
                fail,
                relays.accepts("1"),
                lambda: up(relays),
                relays.accepts("1", "2"),
            )

        assert troubles(lines) == ["round of the relay failed"] * 2
        assert lines[-1]["event"] == "relay published"


class TestRestarts:
    def test_it_goes_on_where_the_one_before_ended(self, relays: Relaying) -> None:
        relays.trouble.index_lags = True
        relays.follow(adds(relays, "1"))
        relays.add("2")

        relays.follow(relays.accepts("1", "2"))

        assert relays.destination.ids() == ["1", "2"]

    def test_what_is_handled_does_not_come_again(self, relays: Relaying) -> None:
        relays.follow(*[adds(relays, id_) for id_ in numbered(5)])
        relays.add("0006")

        relays.came.clear()
        relays.follow()

        # The marks of what was published last may come, not what came before.
        assert [each for each in relays.came if each < "0005"] == []
        assert "0006" in relays.came

    def test_one_that_was_killed_is_replaced_when_its_lease_ends_and_nothing_is_lost(
        self, relays: Relaying
    ) -> None:
        relays.trouble.index_lags = True
        relays.follow_until_killed(adds(relays, "1"))

        relays.follow(
            adds(relays, "2"),
            relays.passes(STREAM_LEASE - 1),
            adds(relays, "3"),
            relays.accepts("1"),
            relays.passes(1),
            relays.accepts("1", "2", "3"),
            adds(relays, "4"),
        )

        assert relays.destination.ids() == ["1", "2", "3", "4"]

    def test_whoever_takes_over_sweeps_what_the_one_before_could_not_publish(
        self, relays: Relaying
    ) -> None:
        relays.destination.refusals = {"1": 1}
        relays.follow_until_killed(adds(relays, "1"))

        relays.follow(relays.passes(STREAM_LEASE))

        assert relays.destination.ids() == ["1"]

    def test_another_instance_stands_by(self, relays: Relaying) -> None:
        other = relays.following(adds(relays, "1"), *[nothing] * 5)

        relays.follow(other.run, relays.accepts("1"))

        assert (relays.destination.ids(), relays.queue.sweeps) == (["1"], 1)

    def test_one_whose_lease_is_taken_over_stands_by_and_follows_again_later(
        self, relays: Relaying
    ) -> None:
        relays.trouble.index_lags = True

        def lose() -> None:
            relays.steal_the_stream()
            relays.clock.advance(STREAM_LEASE)
            relays.add("2")

        with capture_logs() as lines:
            relays.follow(
                adds(relays, "1"),
                lose,
                relays.accepts("1"),
                relays.passes(STREAM_LEASE),
                relays.accepts("1", "2"),
                adds(relays, "3"),
            )

        assert relays.destination.ids() == ["1", "2", "3"]
        assert troubles(lines) == ["another relay follows the stream now"]


class TestTrimmedChanges:
    @pytest.mark.parametrize("call", ["resume", "poll"])
    def test_it_begins_anew_and_the_sweep_finds_what_is_gone(
        self, relays: Relaying, call: str
    ) -> None:
        relays.follow(adds(relays, "1"))
        relays.add("2")
        relays.trouble.lost = [call]
        relays.queue.sweeps = 0

        with capture_logs() as lines:
            relays.follow(relays.accepts("1", "2"), adds(relays, "3"))

        assert relays.destination.ids() == ["1", "2", "3"]
        assert relays.queue.sweeps == 1
        assert troubles(lines) == ["relay begins anew"]

    def test_it_begins_anew_in_the_middle_too(self, relays: Relaying) -> None:
        def lose() -> None:
            relays.trouble.lost = ["poll"]
            relays.add("2")

        with capture_logs() as lines:
            relays.follow(adds(relays, "1"), lose, relays.accepts("1", "2"))

        assert relays.destination.ids() == ["1", "2"]
        assert troubles(lines) == ["relay begins anew"]

    def test_beginning_anew_it_does_not_go_on_from_the_checkpoint(self, relays: Relaying) -> None:
        relays.follow(adds(relays, "1"))
        relays.trouble.lost = ["resume", "resume"]

        with capture_logs() as lines:
            relays.follow()

        assert troubles(lines) == ["relay begins anew"]

    def test_trouble_later_on_does_not_make_it_begin_anew_once_more(self, relays: Relaying) -> None:
        relays.follow(adds(relays, "1"))
        relays.trouble.lost = ["resume"]

        def fail() -> None:
            relays.trouble.index_lags = True
            down(relays)
            relays.add("3")

        meanwhile = adds(relays, "4", ordering_key="grace")
        relays.follow(adds(relays, "2"), fail, meanwhile, lambda: up(relays))

        assert relays.destination.ids() == ["1", "2", "3"]
        assert relays.destination.ids("grace") == ["4"]


class TestRequests:
    @pytest.fixture
    def client(self, engine: LocalEngine) -> FaultyClient:
        return FaultyClient(client_of(engine.endpoint_url))

    @pytest.fixture
    def watched(self, engine: LocalEngine, client: FaultyClient) -> Relaying:
        return relaying(dynamodb_store(engine.name, client))

    def test_the_index_is_queried_once_and_the_table_never_scanned(
        self, watched: Relaying, client: FaultyClient
    ) -> None:
        watched.add(*numbered(20), ordering_key="before")
        client.sent.clear()

        for first in (1, 4):
            watched.follow(*[adds(watched, str(n)) for n in range(first, first + 3)])

        assert watched.destination.ids() == list("123456")
        assert watched.destination.ids("before") == numbered(20)
        index = [request for _, request in client.sent if "IndexName" in request]
        assert len(index) == 2  # one for each beginning, with an index of one shard
        assert "scan" not in {operation for operation, _ in client.sent}


class TestStopping:
    @pytest.fixture
    def in_memory(self) -> Relaying:
        return relaying(Store("memory", MemoryProvider()))

    def test_it_ends_the_wait_at_once_whatever_it_waits_for(self, in_memory: Relaying) -> None:
        for cause in (nothing, in_memory.steal_the_stream, lambda: down(in_memory)):
            cause()
            is_waiting = Event()

            def wait(stopping: Event, seconds: float, told: Event = is_waiting) -> None:
                told.set()
                stopping.wait(60)

            relay = in_memory.stream_relay(wait)
            thread = Thread(target=relay.run)
            thread.start()
            assert is_waiting.wait(10)
            relay.stop()
            thread.join(10)
            assert not thread.is_alive()

    def test_before_it_runs_it_publishes_nothing(self, in_memory: Relaying) -> None:
        in_memory.add("1")
        relay = in_memory.following()
        relay.stop()
        relay.run()

        assert (in_memory.destination.ids(), in_memory.queue.sweeps) == ([], 0)

    def test_in_the_middle_it_ends_the_request_that_is_out_and_the_next_one_goes_on(
        self, relays: Relaying
    ) -> None:
        def add() -> None:
            for name in ("ada", "grace", "alan"):
                relays.add("1", "2", ordering_key=name)

        stopped = relays.following(add, keys_at_once=1)
        relays.destination.on_message = lambda _: stopped.stop()
        stopped.run()

        (begun,) = {message.ordering_key for message in relays.destination.accepted}
        assert relays.destination.ids(begun) == ["1"]
        relays.destination.on_message = lambda _: None
        relays.follow()
        assert [relays.destination.ids(k) for k in ("ada", "grace", "alan")] == [["1", "2"]] * 3

    def test_the_lease_is_given_back_so_that_another_one_follows_at_once(
        self, relays: Relaying
    ) -> None:
        relays.follow(nothing)

        relays.follow(adds(relays, "1"), relays.accepts("1"))

        assert relays.destination.ids() == ["1"]


PENDING = StoredMessage(message=message())
COUNTED = StoredMessage(message=message(), retry_count=1, last_error="no such queue")
PUBLISHED = StoredMessage(message=message(), published_at=NOW)
DEAD = StoredMessage(message=message(), dead_lettered_at=NOW)


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        (None, PENDING, True),
        (DEAD, PENDING, True),
        (PUBLISHED, PENDING, True),
        (PENDING, COUNTED, False),
        (PENDING, PENDING, False),
        (PENDING, PUBLISHED, False),
        (PENDING, DEAD, False),
        (DEAD, PUBLISHED, False),
        (PUBLISHED, None, False),
        (PENDING, None, False),
        (None, PUBLISHED, False),
    ],
)
def test_a_change_tells_of_a_message_that_is_pending_and_was_not(
    old: StoredMessage | None, new: StoredMessage | None, is_told: bool
) -> None:
    change = TableChange(ChangeKind.MODIFIED, new, old)

    assert list(became_pending([change])) == [key("1")] * is_told


def test_the_head_of_a_key_is_no_message() -> None:
    head: Item = {"pk": {"S": "ada"}, "sk": {"S": HEAD}, "token": {"N": "1"}}
    change = TableChange(ChangeKind.MODIFIED, head, head).decoded(message_of_image)

    assert list(became_pending([change])) == []


def test_what_was_lost_is_told_with_its_key() -> None:
    unreadable = UnreadableMessage("ada", "1", "payload is missing")
    report = RelayReport(lost={"ada": unreadable, "grace": LeaseLost("grace", "relay")})

    with capture_logs() as lines:
        log(report)

    assert [(line["log_level"], line["event"], line["key"]) for line in lines] == [
        ("error", "key left alone", "ada"),
        ("warning", "published, but not marked: will be repeated", "grace"),
    ]


def add_next(relays: Relaying, given: OutboxMessage) -> None:
    """Time passes, and grace's next message is added while this one is published, up to 20."""
    relays.clock.advance(1)
    if given.ordering_key == "grace" and given.message_id != "0020":
        relays.add(f"{int(given.message_id or '') + 1:04}", ordering_key="grace")


def many(relays: Relaying) -> Step:
    """A step that adds a message to each of 120 keys."""

    def add() -> None:
        for number in numbered(120):
            relays.add(number, ordering_key=f"key {number}")

    return add


def tried(relays: Relaying, times: int) -> Step:
    """A step that checks how often messages were tried until then."""

    def check() -> None:
        assert len(relays.destination.tried) == times

    return check


def down(relays: Relaying) -> None:
    relays.trouble.is_down = True


def up(relays: Relaying) -> None:
    relays.trouble.is_down = False


class TestBeingLate:
    def test_it_is_late_when_nothing_has_succeeded_for_two_minutes(self, relays: Relaying) -> None:
        late: list[bool] = []

        def look(seconds: int) -> Step:
            def step() -> None:
                relays.clock.advance(seconds)
                late.append(relay.is_late)

            return step

        # The lease of the stream ends meanwhile, so that it is taken again.
        relay = relays.following(
            partial(down, relays), look(120), look(1), partial(up, relays), look(120)
        )
        with capture_logs():
            relay.run()

        assert late == [False, True, False]

    def test_one_that_cannot_publish_though_the_stream_can_be_read_is_late(
        self, relays: Relaying, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relays.add("1")

        def fail(*_: object) -> None:
            raise KeyError("a mistake")

        monkeypatch.setattr(type(relays.queue), "take", fail)
        relay = relays.following(*[relays.passes(50)] * 3)
        with capture_logs():
            relay.run()

        assert relay.is_late

    def test_one_that_stands_by_is_not_late(self, relays: Relaying) -> None:
        late: list[bool] = []

        def hold_the_stream() -> None:
            late.append(standing_by.is_late)
            now = relays.clock.now()
            relays.clock.advance(50)
            another = relays.adapters.checkpoints
            until = now + timedelta(seconds=STREAM_LEASE + 50)
            another.take(SUBSCRIPTION, "another", now + timedelta(seconds=50), until)

        standing_by = relays.following(*[hold_the_stream] * 6)
        relays.steal_the_stream()
        standing_by.run()

        assert late == [False] * 6
