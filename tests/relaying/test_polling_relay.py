"""A relay that polls the pending index, on every provider."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest
from structlog.testing import capture_logs

from api.composition.outbox import make_polling_relay
from application.ports.outbox import OutboxMessage
from application.ports.relay_queue import Acknowledgement, KeyLease
from application.relay import Relay, RelayReport
from infrastructure.settings.settings import Settings
from tests.outboxes import key, keys, message, numbered, outbox_of, pending_ids, stored
from tests.relaying.conftest import ON_EACH_PROVIDER
from tests.relaying.destinations import ALWAYS
from tests.relaying.running import KEY_LEASE, Killed, Relaying, Script, Step, troubles

pytestmark = pytest.mark.parametrize("relays", ON_EACH_PROVIDER, indirect=True)


def poll(relays: Relaying, *steps: Step, **options: int) -> list[float]:
    """Lets a relay run that takes a step whenever it waits, and then stops; its waits."""
    script = Script(list(steps))
    relay = relays.polling_relay(script, **options)
    script.end = relay.stop
    relay.run()
    return script.waits


def test_it_publishes_what_is_pending_and_what_comes_later(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.add("1", ordering_key="grace")

    poll(relays, relays.accepts("1", "2"), lambda: relays.add("3"))

    assert (relays.destination.ids(), relays.destination.ids("grace")) == (["1", "2", "3"], ["1"])
    assert pending_ids(relays.store) == pending_ids(relays.store, "grace") == []


def test_what_it_published_is_marked_with_the_timestamp_and_kept(relays: Relaying) -> None:
    relays.add("1")
    poll(relays)

    marked = stored(relays.store, "1")

    assert abs((marked.published_at or message().created_at) - relays.clock.now()) < timedelta(
        milliseconds=1
    )
    assert (marked.message, marked.retry_count, marked.last_error) == (message(), 0, None)


def test_it_waits_only_where_nothing_was_published(relays: Relaying) -> None:
    relays.add("1")
    looks: list[int] = []

    def look() -> None:
        looks.append(relays.queue.sweeps)

    poll(relays, look, look, lambda: relays.add("2"), look, look)

    # Having published something it looks again at once: twice before the first wait.
    assert looks == [2, 3, 6, 7]


def test_it_waits_for_the_interval_that_is_set(relays: Relaying) -> None:
    script = Script([lambda: None])
    relay = make_polling_relay(
        Settings(relay_poll_interval_ms=250), relays.core(), relays.queue.queue
    )
    script.end = relay.stop
    relay.wait = script
    relay.run()

    assert script.waits == [0.25, 0.25]


def test_the_report_of_run_once_says_what_came_of_every_key(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.add("1", ordering_key="grace")
    relays.add("1", ordering_key="alan")
    relays.destination.refusals = {"2": ALWAYS}
    relays.hold("grace")
    told: list[RelayReport] = []
    relay = relays.polling_relay(Script([]))
    relay.on_report = told.append

    report = relay.run_once()

    assert told == [report]
    assert (report.published, report.busy, report.dead_lettered) == (2, 1, 0)
    assert [(each.key, each.error) for each in report.failed] == [(key("2"), "no such queue")]
    assert (report.finished, report.lost) == ({"alan"}, {})


def test_a_failure_is_told_as_a_warning_and_the_last_one_as_an_error(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": ALWAYS}
    relay = relays.polling_relay(Script([]), attempts=2)

    with capture_logs() as lines:
        relay.run_once()
        relays.clock.advance(10)
        relay.run_once()

    told = {"message": "ada/1", "reason": "no such queue"}
    assert lines == [
        {"event": "message not published", "log_level": "warning", **told},
        {"event": "message dead-lettered", "log_level": "error", **told},
    ]


def test_a_store_that_fails_is_told_and_tried_again(relays: Relaying) -> None:
    relays.add("1")
    relays.trouble.is_down = True

    def recover() -> None:
        relays.trouble.is_down = False

    with capture_logs() as lines:
        waits = poll(relays, relays.accepts(), recover)

    assert relays.destination.ids() == ["1"]
    assert len(waits) == 3
    assert troubles(lines) == ["relay cannot reach its store"] * 2
    assert "the store cannot be reached" in lines[0]["reason"]


def test_whatever_a_round_raises_is_told_and_the_next_one_is_tried(relays: Relaying) -> None:
    relays.add("1")
    relays.trouble.is_down, relays.trouble.error = True, KeyError("ConsumedCapacity")

    def recover() -> None:
        relays.trouble.is_down = False

    with capture_logs() as lines:
        waits = poll(relays, relays.accepts(), recover)

    assert relays.destination.ids() == ["1"]
    assert len(waits) == 3
    assert troubles(lines) == ["round of the relay failed"] * 2
    assert lines[0]["exc_info"]


def test_it_is_late_when_no_round_succeeds_for_two_minutes(relays: Relaying) -> None:
    relay = relays.polling_relay(Script([]))
    late: list[bool] = []

    def look(seconds: int) -> Step:
        def step() -> None:
            relays.clock.advance(seconds)
            late.append(relay.is_late)

        return step

    def fail() -> None:
        relays.trouble.is_down = True

    def recover() -> None:
        relays.trouble.is_down = False

    relay.wait = Script([fail, look(120), look(1), recover, look(120)], end=relay.stop)
    relay.run()

    assert late == [False, True, False]


def test_a_destination_that_fails_is_not_asked_again_before_its_pause_is_over(
    relays: Relaying,
) -> None:
    relays.add("1", "2")
    relays.add("1", ordering_key="grace")
    relays.destination.refusals = {"1": ALWAYS}

    poll(relays, *[relays.passes(1)] * 31, attempts=100)

    # The pauses are 2, 4, 8 and 16 seconds: after 0, 2, 6, 14 and 30.
    assert [relays.destination.tried.count(key("1", k)) for k in ("ada", "grace")] == [5, 5]
    assert len(relays.destination.tried) == 10
    assert stored(relays.store, "1").retry_count == 5


def test_other_keys_go_on_beside_one_that_fails(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.destination.refusals = {"1": ALWAYS}

    poll(relays, lambda: relays.add("5", ordering_key="grace"))

    assert (relays.destination.ids(), relays.destination.ids("grace")) == ([], ["5"])


def test_a_message_is_given_up_after_its_attempts_and_its_key_goes_on(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.destination.refusals = {"1": ALWAYS}

    poll(relays, *[relays.passes(2)] * 4, attempts=3)

    dead = stored(relays.store, "1")
    assert relays.destination.tried == keys("1", "1", "1", "2")
    assert (dead.retry_count, dead.last_error) == (3, "no such queue")
    assert dead.dead_lettered_at is not None


def test_a_dead_letter_that_is_sent_again_is_published(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.give_up("1")

    poll(relays, relays.accepts("2"), lambda: outbox_of(relays.store).retry(key("1")))

    assert relays.destination.ids() == ["2", "1"]


def test_run_once_leaves_nothing_however_much_there_is(relays: Relaying) -> None:
    ids = numbered(60)
    relays.add(*ids)

    report = relays.polling_relay(Script([])).run_once()

    assert (report.published, relays.destination.ids()) == (60, ids)


def test_what_was_published_is_not_sought_again(relays: Relaying) -> None:
    relays.add("1", "2", "3", "4")

    relays.polling_relay(Script([]), batch_size=2).run_once()

    assert relays.queue.sought == [["1", "2", "3", "4"], ["3", "4"]]


def test_run_once_raises_what_the_store_raises(relays: Relaying) -> None:
    relays.trouble.is_down = True

    with pytest.raises(Exception, match="the store cannot be reached"):
        relays.polling_relay(Script([])).run_once()


def test_stop_ends_the_request_that_is_out_and_sends_nothing_more(relays: Relaying) -> None:
    for name in ("ada", "grace", "alan"):
        relays.add("1", "2", ordering_key=name)
    relay = relays.polling_relay(Script([]), keys_at_once=1)
    relays.destination.on_message = lambda _: relay.stop()

    relay.run()

    (begun,) = {message.ordering_key for message in relays.destination.accepted}
    assert relays.destination.ids(begun) == ["1"]
    left = {name: pending_ids(relays.store, name) for name in ("ada", "grace", "alan")}
    assert left == {name: ["2"] if name == begun else ["1", "2"] for name in left}
    # No key is held by a relay that is gone.
    assert relays.polling_relay(Script([])).run_once().published == 5


def test_stopped_before_it_runs_it_does_nothing(relays: Relaying) -> None:
    relays.add("1")
    relay = relays.polling_relay(Script([]))
    relay.stop()
    relay.run()

    assert (relays.queue.sweeps, pending_ids(relays.store)) == (0, ["1"])


def test_stop_from_another_thread_ends_the_wait_at_once(relays: Relaying) -> None:
    is_waiting = Event()

    def wait(stopping: Event, seconds: float) -> None:
        is_waiting.set()
        stopping.wait(60)

    relay = relays.polling_relay(wait)
    thread = Thread(target=relay.run)
    thread.start()
    assert is_waiting.wait(10)
    relay.stop()
    thread.join(10)

    assert not thread.is_alive()


def test_a_relay_that_died_holds_its_keys_no_longer_than_their_lease(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.add("1", "2")
    relay = relays.polling_relay(Script([]))
    with monkeypatch.context() as dying:
        dying.setattr(relays.destination, "on_message", die)
        # What it would do after its death.
        dying.setattr(Relay, "_acknowledge", lambda *_: None)
        with pytest.raises(Killed):
            relay.run_once()

    poll(relays, relays.accepts(), relays.passes(KEY_LEASE))

    assert relays.destination.ids() == ["1", "2"]


def die(_: OutboxMessage) -> None:
    raise Killed


def test_key_that_never_runs_dry_does_not_keep_others_waiting(relays: Relaying) -> None:
    relays.add(*(f"{number:04}" for number in range(1, 61)))
    relay = relays.polling_relay(Script([]))

    def go_on(given: OutboxMessage) -> None:
        relays.clock.advance(1)
        if given.ordering_key == "grace" or given.message_id == "0200":
            relay.stop()
            return
        if given.message_id == "0003":
            relays.add("1", ordering_key="grace")
        relays.add(f"{int(given.message_id or '') + 60:04}")

    relays.destination.on_message = go_on
    relay.run()

    assert relays.destination.ids("grace") == ["1"]
    assert len(relays.destination.ids()) < 50


def test_pass_over_the_index_takes_ten_seconds(relays: Relaying) -> None:
    relays.add(*numbered(30))
    relays.destination.on_message = lambda _: relays.clock.advance(1)
    script, reports = Script([]), list[RelayReport]()
    relay = relays.polling_relay(script)
    script.end, relay.on_report = relay.stop, reports.append

    relay.run()

    assert [report.published for report in reports] == [10, 10, 10, 0]


def test_key_that_another_relay_gave_back_is_not_left_alone_until_its_lease_would_have_ended(
    relays: Relaying,
) -> None:
    relays.add("1")
    queue, now = relays.queue.queue, relays.clock.now()
    lease = queue.take("ada", "other", now, now + timedelta(hours=1))
    assert isinstance(lease, KeyLease)
    relay = relays.core()
    assert relay.work(queue.pending()).busy == 1

    queue.acknowledge(Acknowledgement(lease=lease, at=now)).commit()
    relays.clock.advance(1)

    assert relay.work(queue.pending()).published == 1


HOURS = 3 * 3600.0


def test_a_relay_that_died_hours_ahead_holds_no_key(relays: Relaying) -> None:
    relays.add("1")
    relays.clock.advance(HOURS)
    relays.hold("ada")
    relays.clock.advance(-HOURS)

    assert relays.core().work(relays.queue.pending()).published == 1


def test_a_failure_hours_ahead_does_not_keep_a_key_from_being_tried(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": 1}
    relay = relays.core()
    relays.clock.advance(HOURS)
    assert len(relay.work(relays.queue.pending()).failed) == 1
    relays.clock.advance(-HOURS)

    # The very relay forgets its own pause, too.
    assert relay.work(relays.queue.pending()).published == 1


def test_nothing_more_is_sent_under_a_lease_from_before_the_clock_stepped_back(
    relays: Relaying,
) -> None:
    relays.add("1", "2", "3")

    def step_back(given: OutboxMessage) -> None:
        if given.message_id == "1":
            relays.clock.advance(-HOURS)

    relays.destination.on_message = step_back
    relays.core().work(relays.queue.pending())

    assert relays.destination.ids() == ["1", "2", "3"]
    assert relays.queue.taken == ["ada", "ada"]


def test_a_key_that_rests_is_asked_for_once_a_minute_and_found_free(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": 1}
    relay = relays.core(backoff=lambda _: HOURS)
    relay.work(relays.queue.pending())
    taken = []
    for _ in range(4):
        relays.clock.advance(30)
        relay.work(relays.queue.pending())
        taken.append(len(relays.queue.taken))
    assert taken == [1, 2, 2, 3]

    outbox_of(relays.store).release("ada")
    relays.clock.advance(60)

    assert relay.work(relays.queue.pending()).published == 1


def test_a_clock_that_stepped_back_does_not_hide_that_no_round_succeeds(relays: Relaying) -> None:
    relay = relays.polling_relay(Script([]))
    late = []
    for hours in (0.0, -HOURS):
        relays.clock.advance(hours)
        late.append(relay.is_late)
        relay.run_once()
        late.append(relay.is_late)

    assert late == [False, False, True, False]
