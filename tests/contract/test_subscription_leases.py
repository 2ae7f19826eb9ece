"""What every adapter promises about instances that share the name of a subscription."""

from __future__ import annotations

from threading import Event

import pytest
from structlog.testing import capture_logs

from application.ports.leases import LeaseLost
from application.ports.subscriptions import Start
from tests.stores import Store
from tests.subscription.subscribing import LEASE, Subscribing, seen, stop_when_idle, subscribing


@pytest.fixture
def events(store: Store) -> Subscribing:
    return subscribing(store)


def test_second_instance_waits_for_the_first_and_goes_on_from_its_checkpoint(
    events: Subscribing,
) -> None:
    events.commit("a", 3)
    first = events.subscribe()
    assert seen(first, 2) == [("a", 1), ("a", 2)]
    waits = []

    def wait(stopping: Event, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            first.close()
        if len(waits) == 4:
            stopping.set()

    with events.subscribe(wait=wait) as second:
        assert seen(second) == [("a", 2), ("a", 3)]
    assert len(waits) == 4


def test_second_instance_can_be_stopped_while_it_waits(events: Subscribing) -> None:
    events.commit("a")
    with events.subscribe() as first:
        with events.subscribe(wait=stop_when_idle) as second:
            assert seen(second) == []
        assert seen(first) == [("a", 1)]


def test_second_instance_from_now_gets_what_came_while_it_waited(events: Subscribing) -> None:
    first = events.subscribe()

    def wait(stopping: Event, seconds: float) -> None:
        if first._is_closed:
            stopping.set()
        first.close()

    with events.subscribe(start=Start.NOW, wait=wait) as second:
        events.commit("a", 2)
        assert seen(second) == [("a", 1), ("a", 2)]


def test_instance_that_lost_its_lease_is_refused(events: Subscribing) -> None:
    events.commit("a", 3)
    first = events.subscribe()
    assert seen(first, 1) == [("a", 1)]
    events.clock.advance(LEASE)
    with events.subscribe() as second:
        assert seen(second, 2) == [("a", 1), ("a", 2)]

        with pytest.raises(LeaseLost) as refused:
            next(first)
        assert refused.value.name == "events#mailer"
        first.close()

        assert seen(second) == [("a", 3)]
    assert events.read() == []


def test_closing_after_the_lease_was_lost_is_refused_and_stores_nothing(
    events: Subscribing,
) -> None:
    events.commit("a", 3)
    first = events.subscribe()
    assert len(seen(first, 3)) == 3
    events.clock.advance(LEASE)
    with events.subscribe(), pytest.raises(LeaseLost):
        first.close()

    assert len(events.read()) == 3


def test_lost_lease_is_told_at_the_end_of_the_block(events: Subscribing) -> None:
    def lose_the_lease() -> None:
        with events.subscribe():
            events.clock.advance(LEASE)
            with events.subscribe():
                pass

    with pytest.raises(LeaseLost):
        lose_the_lease()


def test_lost_lease_does_not_hide_what_was_raised_in_the_block(events: Subscribing) -> None:
    def lose_the_lease_and_fail() -> None:
        with events.subscribe():
            events.clock.advance(LEASE)
            with events.subscribe():
                raise ZeroDivisionError

    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        lose_the_lease_and_fail()
    assert [line["event"] for line in lines] == ["subscription closed without its checkpoint"]


def test_lease_is_renewed_while_events_are_dealt_with_slowly(events: Subscribing) -> None:
    events.commit("a", 5)
    with events.subscribe() as first:
        for event in first:
            events.clock.advance(LEASE / 2)
            with events.subscribe() as second:
                assert seen(second) == []
            if event.version == 5:
                break


def test_lease_that_ended_is_still_good_if_nobody_took_it(events: Subscribing) -> None:
    events.commit("a", 2)
    with events.subscribe() as subscription:
        assert seen(subscription, 1) == [("a", 1)]
        events.clock.advance(LEASE * 10)
        assert seen(subscription) == [("a", 2)]
    assert events.read() == []


def test_lease_of_an_instance_whose_clock_was_hours_ahead_is_not_waited_for(
    events: Subscribing,
) -> None:
    events.commit("a", 2)
    events.clock.advance(3 * 3600)
    first = events.subscribe()
    assert seen(first, 1) == [("a", 1)]
    events.clock.advance(-3 * 3600)

    with events.subscribe(wait=stop_when_idle) as second:
        assert seen(second) == [("a", 1), ("a", 2)]

    with pytest.raises(LeaseLost):
        first.close()


def test_lease_is_renewed_where_the_clock_has_stepped_back(events: Subscribing) -> None:
    events.commit("a", 2)
    with events.subscribe() as first:
        assert seen(first, 1) == [("a", 1)]
        events.clock.advance(-3 * 3600)
        assert seen(first, 1) == [("a", 2)]
        with events.subscribe(wait=stop_when_idle) as second:
            assert seen(second) == []
