"""What a relay does with the keys that it is given, whoever gives them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import define

from application.errors import CommitOutcomeUnknown, Unreachable
from application.ports.leases import LeaseLost
from application.ports.outbox import OutboxMessage
from application.ports.relay_queue import Acknowledgement, PendingKey
from application.ports.transaction import Transaction
from application.relay import Relay, RelayOptions, RelayReport
from domain.errors import DynastrataError, InvalidValue
from infrastructure.memory.provider import MemoryProvider
from tests.outboxes import failed, message, outbox_of
from tests.relaying.destinations import ALWAYS
from tests.relaying.running import KEY_LEASE, Relaying, Script, WatchedQueue, relaying
from tests.stores import Store

FAILURES = [Unreachable(operation="TransactWriteItems"), CommitOutcomeUnknown("commit-1")]


@pytest.fixture
def relays() -> Relaying:
    return relaying(Store("memory", MemoryProvider()))


def these(*ordering_keys: str) -> list[PendingKey]:
    return [PendingKey(each, frozenset()) for each in ordering_keys]


@define
class Ending:
    """An acknowledgement that fails with these errors first. Counts how often it was tried."""

    errors: Iterator[DynastrataError]
    transaction: Transaction
    tries: list[None]

    def commit(self) -> None:
        self.tries.append(None)
        for error in self.errors:
            raise error
        self.transaction.commit()


def acknowledge_after(
    monkeypatch: pytest.MonkeyPatch, errors: Iterator[DynastrataError]
) -> list[None]:
    """Lets acknowledgements fail with these errors first; the tries."""
    tries: list[None] = []

    def acknowledge(queue: WatchedQueue, acknowledgement: Acknowledgement) -> Transaction:
        return Ending(errors, queue.queue.acknowledge(acknowledgement), tries)

    monkeypatch.setattr(WatchedQueue, "acknowledge", acknowledge)
    return tries


def test_report_counts_the_messages_that_were_given_up() -> None:
    report = RelayReport(failed=[failed("1"), failed("2", is_dead=True), failed("3")])

    assert report.dead_lettered == 1


def test_lease_must_be_longer_than_the_slowest_publisher_and_the_margin(relays: Relaying) -> None:
    with pytest.raises(InvalidValue, match="must be more than 2: the publishers' timeout"):
        relays.core(lease_seconds=2.0)

    relays.core(lease_seconds=2.1)


@pytest.mark.parametrize(("seconds", "is_long_enough"), [(1.0, False), (1.5, True)])
def test_without_publishers_it_must_be_longer_than_the_margin(
    relays: Relaying, seconds: float, is_long_enough: bool
) -> None:
    options = RelayOptions(lease_seconds=seconds)

    def make() -> None:
        Relay(relays.queue, {}, relays.clock, "relay", options, sleep=relays.clock.advance)

    if is_long_enough:
        make()
        return
    with pytest.raises(InvalidValue, match="must be more than 1:"):
        make()


def test_destination_that_is_not_configured_fails_its_messages_and_no_others(
    relays: Relaying,
) -> None:
    for name in ("ada", "alan"):
        outbox_of(relays.store).add(message("1", name, destination="nowhere"))
    relays.add("1", ordering_key="grace")

    report = relays.core().work(these("ada", "alan", "grace"))

    errors = [(each.key.ordering_key, each.error) for each in report.failed]
    assert errors == [(name, "destination 'nowhere' is not configured") for name in ("ada", "alan")]
    assert relays.destination.ids("grace") == ["1"]


def test_destination_that_is_not_configured_delays_no_other_one(relays: Relaying) -> None:
    outbox_of(relays.store).add(message("1", "ada", destination="nowhere"))
    relays.add("1", ordering_key="grace")

    # It stops after one round of requests.
    relays.core().work(these("ada", "grace"), lambda: len(relays.queue.taken) == 2)

    assert relays.destination.ids("grace") == ["1"]


def test_it_reads_one_message_more_than_it_publishes(relays: Relaying) -> None:
    relays.add("1", "2", "3")

    relays.core(batch_size=1).work(these("ada"))

    assert relays.queue.sought == [[], ["2"], ["3"]]


def test_nothing_is_sent_under_a_lease_that_is_too_short_for_it(relays: Relaying) -> None:
    relays.add("1", "2", "3")
    passing = iter([8, 1, 0])
    relays.destination.on_message = lambda _: relays.clock.advance(next(passing))

    relays.core(lease_seconds=10.0).work(these("ada"))

    # The second one had two seconds: the timeout of the publisher, and the margin.
    assert relays.queue.sought == [[], ["3"]]
    assert relays.destination.ids() == ["1", "2", "3"]


def test_lease_that_is_too_short_for_anything_leaves_its_key_busy(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.add("1")
    read = WatchedQueue.read

    def slowly(queue: WatchedQueue, *more: object) -> object:
        relays.clock.advance(1)
        return read(queue, *more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(WatchedQueue, "read", slowly)

    report = relays.core(lease_seconds=2.5).work(these("ada"))

    assert (report.busy, report.published, report.finished) == (1, 0, set())
    assert relays.queue.taken == ["ada"]


def test_key_without_messages_is_finished_and_given_back(relays: Relaying) -> None:
    report = relays.core().work(these("ada"))

    assert report.finished == {"ada"}
    relays.hold("ada")


def test_key_that_is_given_twice_is_worked_at_once(relays: Relaying) -> None:
    relays.add("1")

    relays.core().work(these("ada", "ada"))

    assert relays.queue.taken == ["ada"]


def test_key_that_is_left_in_the_middle_is_not_finished(relays: Relaying) -> None:
    relays.add("1", "2")
    stopping: list[OutboxMessage] = []
    relays.destination.on_message = stopping.append

    report = relays.core().work(these("ada"), lambda: bool(stopping))

    assert (report.published, report.finished) == (1, set())


def test_key_that_another_relay_holds_is_asked_for_again_after_a_second(relays: Relaying) -> None:
    relays.hold("ada")
    relay = relays.core()
    takes = []
    for seconds in (0.0, 0.5, 0.5):
        relays.clock.advance(seconds)
        relay.work(these("ada"))
        takes.append(len(relays.queue.taken))

    assert takes == [1, 1, 2]


def test_key_that_rests_is_asked_for_again_after_a_minute(relays: Relaying) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": ALWAYS}
    relay = relays.core(backoff=lambda _: 1000.0)
    takes = []
    for seconds in (0.0, 0.0, 59.5, 0.5):
        relays.clock.advance(seconds)
        relay.work(these("ada"))
        takes.append(len(relays.queue.taken))

    assert takes == [1, 1, 1, 2]


def test_key_whose_pause_ends_while_others_are_worked_at_is_worked_at_after_them(
    relays: Relaying,
) -> None:
    relays.add("1")
    relays.destination.refusals = {"1": 1}
    relay = relays.core(keys_at_once=1, backoff=lambda _: 2.0)
    relay.work(these("ada"))
    relays.add("1", ordering_key="grace")
    relays.destination.on_message = lambda _: relays.clock.advance(2)

    report = relay.work(these("grace", "ada"))

    assert (report.published, report.busy) == (2, 0)


@pytest.mark.parametrize("error", FAILURES)
def test_acknowledgement_is_sent_again_a_moment_later(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch, error: DynastrataError
) -> None:
    relays.add("1")
    tries = acknowledge_after(monkeypatch, iter([error]))
    before = relays.clock.now()

    report = relays.core().work(these("ada"))

    assert (report.published, report.lost, len(tries)) == (1, {}, 2)
    assert (relays.clock.now() - before).total_seconds() == 0.1


@pytest.mark.parametrize("error", FAILURES)
def test_acknowledgement_is_lost_when_its_lease_has_ended(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch, error: DynastrataError
) -> None:
    relays.add("1")
    tries = acknowledge_after(monkeypatch, iter([error] * 1000))

    report = relays.core().work(these("ada"))

    assert (report.published, report.lost) == (0, {"ada": error})
    assert len(tries) == KEY_LEASE / 0.1 + 1


def test_a_relay_that_can_acknowledge_nothing_is_late(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.add("1")
    acknowledge_after(monkeypatch, iter([FAILURES[0]] * 10_000))
    relay = relays.polling_relay(Script([]))

    for _ in range(int(120 / KEY_LEASE) + 1):
        relay.run_once()

    assert relay.is_late


def test_acknowledgement_that_is_refused_is_lost_at_once(
    relays: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.add("1")
    lost = LeaseLost("ada", "relay")
    tries = acknowledge_after(monkeypatch, iter([lost]))

    report = relays.core().work(these("ada"))

    assert (report.published, report.lost, len(tries)) == (0, {"ada": lost}, 1)
