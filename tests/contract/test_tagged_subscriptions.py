"""The contract of subscriptions to tagged events, on every adapter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from threading import Event, Thread

import pytest
from attrs import evolve

from application.ports.dcb_store import SequencedEvent, TaggedSubscription
from application.ports.event_store import RawEvent
from domain.tagged_events import Position, Query
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.tagged_events.keys import EventKeys
from tests.stores import Store
from tests.subscription.subscribing import FakeClock, stop_when_idle
from tests.tagged_events.samples import BOOK, OPTIONS, PAGE, note

WINDOW = timedelta(seconds=5)
PAST = WINDOW.total_seconds() + 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(make_store: Callable[[], Store], clock: FakeClock) -> Store:
    """An empty store whose clock stands still."""
    return evolve(make_store(), options=OPTIONS, clock=clock)


def append(store: Store, *ids: str, seconds_ago: float = 0.0) -> Position:
    """Commits notes of the book now, whose positions were taken earlier; the last one's."""
    clock = FakeClock(store.clock.now() - timedelta(seconds=seconds_ago))
    events = [note(id_, event_id=id_) for id_ in ids]
    position = evolve(store, clock=clock).dcb_store().append(events)
    assert position is not None
    if isinstance(store.clock, FakeClock):
        store.clock.advance(0.1)  # what is appended next comes after these
    return position


def ids(events: list[SequencedEvent]) -> list[str]:
    return [event.event_id for event in events]


class Passing:
    """In place of waiting: time passes. After so many times in a row without an event it stops."""

    def __init__(self, clock: FakeClock, patience: int = 3) -> None:
        self.clock = clock
        self.patience = patience

    def __call__(self, stopping: Event, seconds: float) -> None:
        self.clock.advance(PAST)
        self.patience -= 1
        if not self.patience:
            stopping.set()


def subscribed(
    store: Store,
    clock: FakeClock,
    query: Query | None = None,
    after: Position | None = None,
    *,
    raw: bool = False,
) -> TaggedSubscription:
    dcb = store.dcb_store(safe_window=WINDOW, wait=Passing(clock))
    return dcb.subscribe(query or Query.everything(), after=after, raw=raw)


def test_it_gives_what_is_there_and_what_comes(store: Store, clock: FakeClock) -> None:
    append(store, "a", "b")
    with subscribed(store, clock) as subscription:
        first = next(subscription)
        append(store, "c")
        assert ids([first, *subscription]) == ["a", "b", "c"]


def test_it_begins_after_a_position(store: Store, clock: FakeClock) -> None:
    after = append(store, "a", "b")
    append(store, "c")
    with subscribed(store, clock, after=after) as subscription:
        assert ids(list(subscription)) == ["c"]


def test_it_gives_only_what_matches(store: Store, clock: FakeClock) -> None:
    store.dcb_store().append([note("a", BOOK, event_id="a"), note("b", PAGE, event_id="b")])
    with subscribed(store, clock, Query.of(PAGE)) as subscription:
        assert ids(list(subscription)) == ["b"]


def test_events_are_decoded_unless_they_are_wanted_raw(store: Store, clock: FakeClock) -> None:
    append(store, "a")
    with subscribed(store, clock) as subscription:
        (decoded,) = subscription
    with subscribed(store, clock, raw=True) as subscription:
        (raw,) = subscription
    assert store.dcb_store().get("a") == decoded
    assert isinstance(raw.event, RawEvent)


def test_what_is_within_the_safe_window_is_awaited(store: Store, clock: FakeClock) -> None:
    dcb = store.dcb_store(safe_window=WINDOW, wait=stop_when_idle)
    with dcb.subscribe(Query.everything()) as subscription:
        clock.advance(PAST)
        append(store, "a")
        assert list(subscription) == []


def test_a_writer_who_is_slow_within_the_window_is_in_order(store: Store, clock: FakeClock) -> None:
    with subscribed(store, clock) as subscription:
        append(store, "b", seconds_ago=1)
        append(store, "a", seconds_ago=4)
        assert ids(list(subscription)) == ["a", "b"]


def test_a_writer_who_is_slow_far_beyond_the_window_comes_late(
    store: Store, clock: FakeClock
) -> None:
    append(store, "b")
    with subscribed(store, clock) as subscription:
        first = next(subscription)
        append(store, "a", seconds_ago=3600)
        late = list(subscription)
        assert ids([first, *late]) == ["b", "a"]
        assert late[0].position < first.position


def test_what_is_committed_below_the_position_it_began_after_comes_too(
    store: Store, clock: FakeClock
) -> None:
    append(store, "a", seconds_ago=20)
    after = append(store, "b")
    with subscribed(store, clock, after=after) as subscription:
        append(store, "late", seconds_ago=10)
        assert ids(list(subscription)) == ["late"]


def with_keys(store: Store, keys: EventKeys) -> Store:
    """The same tables under other settings."""
    assert isinstance(store.provider, DynamoDBProvider)
    return evolve(store, provider=evolve(store.provider, event_keys=keys))


@pytest.mark.parametrize(
    "make_store", ["moto", pytest.param("ministack", marks=pytest.mark.engine)], indirect=True
)
class TestSharedTables:
    def test_more_write_shards_hide_nothing_also_while_readers_know_of_one(
        self, store: Store, clock: FakeClock
    ) -> None:
        four = with_keys(store, EventKeys(write_shards=4))
        append(store, "a", "b")
        readers = [subscribed(store, clock), subscribed(four, clock)]
        append(four, "c", "d", "e", "f")
        assert [ids(list(reader)) for reader in readers] == [list("abcdef")] * 2

    def test_events_of_another_service_do_not_come(self, store: Store, clock: FakeClock) -> None:
        other = with_keys(store, EventKeys(service_id="other"))
        readers = [subscribed(store, clock), subscribed(other, clock)]
        append(store, "ours", seconds_ago=3600)
        append(other, "theirs", seconds_ago=3600)
        assert [ids(list(reader)) for reader in readers] == [["ours"], ["theirs"]]


def test_stopping_ends_the_wait_for_the_next_event(store: Store) -> None:
    dcb = evolve(store.dcb_store(safe_window=WINDOW), poll_interval=3600.0)
    subscription = dcb.subscribe(Query.everything())
    given: list[SequencedEvent] = []
    reader = Thread(target=lambda: given.extend(subscription), daemon=True)
    reader.start()
    subscription.stop()
    reader.join(60)
    assert not reader.is_alive()
    assert list(islice(subscription, 1)) == given == []
