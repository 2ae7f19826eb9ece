"""What every adapter promises about subscribing to events."""

from __future__ import annotations

import gc
from linecache import getline
from threading import Event, Thread

import pytest

from application.errors import UnknownEventType
from application.ports.event_store import RawEvent
from application.ports.subscriptions import Start
from domain.consistency import NoStream
from domain.errors import InvalidValue
from infrastructure.contexts.context import Context, Contexts
from infrastructure.events.registry import EventType
from infrastructure.unit_of_work import CommitOptions
from tests.events.samples import Noted, noted
from tests.stores import Store
from tests.subscription.subscribing import (
    LEASE,
    Subscribing,
    seen,
    stream_id,
    subscribing,
)


@pytest.fixture
def events(store: Store) -> Subscribing:
    return subscribing(store)


def keep_waiting(stopping: Event, seconds: float) -> None:
    """Looks again at once."""


@pytest.mark.parametrize("start", [Start.BEGINNING, Start.CHECKPOINT])
def test_beginning_gives_what_is_there_and_then_what_comes(
    events: Subscribing, start: Start
) -> None:
    events.commit("a", 3)

    with events.subscribe(start=start, wait=keep_waiting) as subscription:
        assert seen(subscription, 3) == [("a", 1), ("a", 2), ("a", 3)]
        events.commit("b", 2)
        assert seen(subscription, 2) == [("b", 1), ("b", 2)]


def test_empty_store_has_nothing_to_give(events: Subscribing) -> None:
    assert events.read() == []
    assert events.read(start=Start.NOW) == []


def test_now_gives_what_is_committed_after_subscribing_and_nothing_else(
    events: Subscribing,
) -> None:
    events.commit("a", 2)

    with events.subscribe(start=Start.NOW) as subscription:
        events.commit("a", 2)
        events.commit("b")
        assert seen(subscription) == [("a", 3), ("a", 4), ("b", 1)]


def test_checkpoint_goes_on_after_what_was_dealt_with(events: Subscribing) -> None:
    events.commit("a", 2)
    assert len(events.read()) == 2
    events.commit("a", 2)

    assert events.read() == [("a", 3), ("a", 4)]
    assert events.read() == []


def test_events_are_told_with_all_that_was_stored(events: Subscribing) -> None:
    events.commit("a", 2)
    stored = events.store.event_store().read(stream_id("a")).events

    with events.subscribe() as subscription:
        assert list(subscription) == list(stored)


def test_now_opened_and_closed_marks_where_the_checkpoint_goes_on(events: Subscribing) -> None:
    events.commit("a", 2)
    with events.subscribe(start=Start.NOW):
        pass
    events.commit("a")

    assert events.read() == [("a", 3)]


def test_beginning_forgets_the_checkpoint(events: Subscribing) -> None:
    events.commit("a", 2)
    assert len(events.read()) == 2

    assert events.read(start=Start.BEGINNING) == [("a", 1), ("a", 2)]


def test_event_in_hand_when_the_loop_is_left_comes_again(events: Subscribing) -> None:
    events.commit("a", 5)
    with events.subscribe() as subscription:
        for event in subscription:
            if event.version == 3:
                break

    assert events.read() == [("a", 3), ("a", 4), ("a", 5)]


def test_event_whose_handling_failed_comes_again(events: Subscribing) -> None:
    events.commit("a", 3)

    def handle_until_it_fails() -> None:
        with events.subscribe(start=Start.NOW) as subscription:
            events.commit("b", 3)
            for event in subscription:
                assert 1 / (2 - event.version)

    with pytest.raises(ZeroDivisionError):
        handle_until_it_fails()
    assert events.read() == [("b", 2), ("b", 3)]


def test_stop_ends_the_iteration_after_the_event_in_hand(events: Subscribing) -> None:
    events.commit("a", 5)
    with events.subscribe() as subscription:
        given = []
        for event in subscription:
            given.append(event.version)
            if event.version == 2:
                subscription.stop()

    assert given == [1, 2]
    assert events.read() == [("a", 3), ("a", 4), ("a", 5)]


def test_stop_from_another_thread_ends_the_wait_at_once(events: Subscribing) -> None:
    is_waiting = Event()

    def wait(stopping: Event, seconds: float) -> None:
        is_waiting.set()
        assert stopping.wait(timeout=60)

    def stop() -> None:
        assert is_waiting.wait(timeout=60)
        subscription.stop()

    with events.subscribe(start=Start.NOW, wait=wait) as subscription:
        thread = Thread(target=stop)
        thread.start()
        assert list(subscription) == []
        thread.join()


def test_events_that_other_threads_commit_meanwhile_all_come(events: Subscribing) -> None:
    def write() -> None:
        for _ in range(20):
            events.commit("a", 2)

    with events.subscribe(wait=lambda stopping, _: stopping.wait(0.01)) as subscription:
        writer = Thread(target=write)
        writer.start()
        assert seen(subscription, 40) == [("a", version) for version in range(1, 41)]
        writer.join()


def test_names_are_independent(events: Subscribing) -> None:
    events.commit("a", 2)

    assert events.read("mailer") == events.read("projector") == [("a", 1), ("a", 2)]
    with events.subscribe("mailer"), events.subscribe("projector"):
        pass


def test_unknown_type_is_raised_and_comes_again(events: Subscribing) -> None:
    append_unheard(events)

    for _ in range(2):
        with events.subscribe() as subscription, pytest.raises(UnknownEventType) as refused:
            next(subscription)
        assert refused.value.type == "Unheard"


def test_raw_events_need_no_type(events: Subscribing) -> None:
    append_unheard(events)

    with events.subscriptions().subscribe("mailer", Start.CHECKPOINT, raw=True) as subscription:
        (event,) = subscription

    assert isinstance(event.event, RawEvent)
    assert event.event.type == "Unheard"


@pytest.mark.parametrize("name", ["", "x" * 256, "é" * 128, "\ud800"])
def test_name_that_cannot_be_stored_is_refused(events: Subscribing, name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        events.subscribe(name)
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["x" * 255, "x", "a#b:c", "naïve"])
def test_any_other_name_is_taken(events: Subscribing, name: str) -> None:
    events.commit("a")

    assert events.read(name) == [("a", 1)]
    assert events.read(name) == []


def test_subscription_that_was_closed_gives_nothing_more_however_late(events: Subscribing) -> None:
    events.commit("a", 2)
    subscription = events.subscribe()
    assert seen(subscription, 1) == [("a", 1)]

    subscription.close()
    events.clock.advance(LEASE)

    assert list(subscription) == []


def test_subscription_that_is_dropped_unclosed_complains(events: Subscribing) -> None:
    def drop() -> None:
        events.subscribe()
        gc.collect()

    with pytest.warns(ResourceWarning, match="dropped unclosed") as caught:
        drop()
    # It names the line at which it is gone.
    assert "gc.collect()" in getline(caught[0].filename, caught[0].lineno)


def test_closing_twice_does_nothing(events: Subscribing) -> None:
    subscription = events.subscribe()
    subscription.close()
    subscription.close()
    assert list(subscription) == []


def append_unheard(events: Subscribing) -> None:
    """An event of a type that the subscriber does not know."""
    unheard = Context(event_types=(EventType("Unheard", Noted),))
    events.store.options = CommitOptions(contexts=Contexts([unheard]))
    events.store.event_store().append(stream_id("a"), noted("x"), NoStream())
