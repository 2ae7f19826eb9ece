"""A destination that is out for a while: its messages wait, and no attempt is counted."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from application.ports.relay_queue import PendingKey
from application.relay import Relay, RelayOptions
from infrastructure.messaging.guarded_publisher import GuardedPublisher
from infrastructure.system.breakers import Breaker, BreakerOptions
from tests.outboxes import key, message, outbox_of, pending_ids, stored
from tests.relaying.conftest import ON_EACH_PROVIDER
from tests.relaying.destinations import ALWAYS, ScriptedDestination
from tests.relaying.running import KEY_LEASE, Relaying, Script, Step

pytestmark = pytest.mark.parametrize("relays", ON_EACH_PROVIDER, indirect=True)

ADA = [PendingKey("ada", frozenset())]
OUT = {"people": "no connection"}


def takes(relays: Relaying, relay: Relay, seconds: float) -> int:
    """How often keys are taken from the store when the relay works after so many seconds."""
    before = len(relays.queue.taken)
    relays.clock.advance(seconds)
    relay.work(ADA)
    return len(relays.queue.taken) - before


def guarded(relays: Relaying, **others: ScriptedDestination) -> Relay:
    """A relay of destinations that are left alone for ten seconds after two failures."""
    begun = relays.clock.now()

    def passed() -> float:
        return (relays.clock.now() - begun).total_seconds()

    destinations = {"people": relays.destination, **others}
    publishers = {
        name: GuardedPublisher(destination, Breaker(name, BreakerOptions(2, 10), passed))
        for name, destination in destinations.items()
    }
    options = RelayOptions(lease_seconds=KEY_LEASE, attempts=3)
    name = relays.store.ids.new_id()
    return Relay(relays.queue, publishers, relays.clock, name, options, sleep=relays.clock.advance)


def test_message_that_meets_an_outage_waits_and_counts_no_attempt(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.destination.is_out = True

    report = relays.core(attempts=1).work(ADA)

    assert (report.published, report.failed, report.unavailable) == (0, [], OUT)
    assert (report.busy, report.lost, report.finished) == (1, {}, set())
    assert relays.destination.tried == [key("1")]
    waiting = stored(relays.store, "1")
    assert (waiting.retry_count, waiting.last_error, waiting.is_pending) == (0, None, True)


def test_messages_are_published_in_order_after_an_outage_of_many_hours(relays: Relaying) -> None:
    relays.add("1", "2")
    relays.add("1", ordering_key="grace")
    relays.destination.is_out = True
    relay, script = relays.polling_relay(Script([]), attempts=3), Script([])

    def end_the_outage() -> None:
        relays.add("3")
        relays.destination.is_out = False

    steps: list[Step] = [relays.passes(600)] * 20
    script.steps = [*steps, end_the_outage, relays.passes(1)]
    script.end, relay.wait = relay.stop, script
    relay.run()

    assert (relays.destination.ids(), relays.destination.ids("grace")) == (["1", "2", "3"], ["1"])
    assert len(relays.destination.tried) > 40
    assert [stored(relays.store, id_).retry_count for id_ in ("1", "2", "3")] == [0, 0, 0]


def test_key_stays_free_for_other_relays_during_an_outage(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.is_out = True
    relays.core().work(ADA)

    relays.destination.is_out = False

    assert relays.core().work(ADA).published == 1


def test_what_was_published_before_an_outage_is_not_repeated_after_it(relays: Relaying) -> None:
    relays.add("1", "2", "3")

    def break_down(_: object) -> None:
        relays.destination.is_out = len(relays.destination.accepted) == 1

    relays.destination.on_message = break_down
    relay = relays.core()
    report = relay.work(ADA)
    assert (report.published, report.unavailable) == (1, OUT)
    assert pending_ids(relays.store) == ["2", "3"]

    relays.destination.on_message = lambda _: None
    relays.destination.is_out = False
    relays.clock.advance(1)

    assert relay.work(ADA).published == 2
    assert relays.destination.ids() == ["1", "2", "3"]


def test_attempts_that_were_counted_before_an_outage_are_neither_lost_nor_added_to(
    relays: Relaying,
) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": ALWAYS}
    relay = relays.core(attempts=3)
    counts = []
    for is_out in (False, True, True, False, True, False):
        relays.destination.is_out = is_out
        relays.clock.advance(100)
        relay.work(ADA)
        counts.append(stored(relays.store, "1").retry_count)

    assert counts == [1, 1, 1, 2, 2, 3]
    assert stored(relays.store, "1").dead_lettered_at is not None


def test_key_is_not_asked_for_again_within_a_second(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.is_out = True
    relay = relays.core()
    assert [takes(relays, relay, seconds) for seconds in (0, 0.5, 0.4, 0.1)] == [1, 0, 0, 1]


def test_key_whose_destination_is_left_alone_is_not_asked_for_but_once_an_hour(
    relays: Relaying,
) -> None:
    relays.add("1")
    relays.destination.is_out, relays.destination.is_available = True, False
    relay = relays.core()
    assert [takes(relays, relay, seconds) for seconds in (0, 30, 3540, 31)] == [1, 0, 0, 1]


def test_key_is_asked_for_as_soon_as_its_destination_may_be_tried_again(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.is_out, relays.destination.is_available = True, False
    relay = relays.core()
    assert [takes(relays, relay, seconds) for seconds in (0, 5)] == [1, 0]

    relays.destination.is_out, relays.destination.is_available = False, True

    assert takes(relays, relay, 0) == 1
    assert relays.destination.ids() == ["1"]


def test_outage_of_one_destination_holds_up_no_other_key_and_keeps_the_order_of_its_own(
    relays: Relaying,
) -> None:
    parcels = ScriptedDestination()
    relay = guarded(relays, parcels=parcels)
    outbox = outbox_of(relays.store)
    outbox.add_many([message("1"), message("2", destination="parcels"), message("3")])
    outbox.add(message("1", "grace", destination="parcels"))
    relays.destination.is_out = True
    for _ in range(10):
        relay.work(relays.queue.pending())
        relays.clock.advance(1)

    assert (parcels.ids("grace"), parcels.ids()) == (["1"], [])

    relays.destination.is_out = False
    relays.clock.advance(60)
    relay.work(relays.queue.pending())

    assert (relays.destination.ids(), parcels.ids()) == (["1", "3"], ["2"])


def test_while_it_is_left_alone_neither_the_destination_nor_the_store_is_asked(
    relays: Relaying,
) -> None:
    relay = guarded(relays)
    names = [f"key-{number}" for number in range(30)]
    for name in names:
        relays.add("1", ordering_key=name)
    relays.destination.is_out = True
    with capture_logs() as lines:
        relay.work(relays.queue.pending())
        tried, taken = len(relays.destination.tried), len(relays.queue.taken)
        relays.clock.advance(5)
        relay.work(relays.queue.pending())

    # Two requests of ten messages opened it; each key was looked at once.
    assert (tried, taken) == (20, 30)
    assert (len(relays.destination.tried), len(relays.queue.taken)) == (20, 30)
    assert [line["event"] for line in lines] == ["circuit breaker opened"]


def test_one_request_tries_it_again_and_few_keys_are_taken_for_it(relays: Relaying) -> None:
    relay = guarded(relays)
    for number in range(30):
        relays.add("1", ordering_key=f"key-{number}")
    relays.destination.is_out = True
    relay.work(relays.queue.pending())
    tried, taken = len(relays.destination.tried), len(relays.queue.taken)

    relays.clock.advance(10)
    relay.work(relays.queue.pending())

    assert len(relays.destination.tried) - tried == 10
    assert len(relays.queue.taken) - taken == 10

    relays.destination.is_out = False
    relays.clock.advance(10)
    assert relay.work(relays.queue.pending()).published == 30


def test_log_tells_which_destination_takes_nothing_and_why(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.is_out = True
    with capture_logs() as lines:
        relays.polling_relay(Script([])).run_once()

    assert lines == [
        {
            "event": "messages wait for their destination",
            "log_level": "debug",
            "destination": "people",
            "reason": "no connection",
        }
    ]


def test_relay_that_follows_the_stream_comes_back_to_what_waited(relays: Relaying) -> None:
    relays.destination.is_out = True

    def recover() -> None:
        relays.destination.is_out = False

    relays.follow(
        lambda: relays.add("1", "2"),
        relays.passes(1),
        relays.passes(1),
        relays.accepts(),
        recover,
        relays.passes(1),
    )

    assert relays.destination.ids() == ["1", "2"]
    assert stored(relays.store, "1").retry_count == 0
