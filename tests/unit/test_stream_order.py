"""What is remembered of the order of events, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports.event_store import EventMetadata, RawEvent, StoredEvent
from infrastructure.events.streams import StreamTable
from infrastructure.memory.provider import MemoryProvider
from infrastructure.subscriptions.stream_order import OpenCommits, StreamOrder, in_version_order
from tests.subscription.subscribing import stream_id
from tests.times import NOW


def record(stream: str, version: int, *, first: int = 1, count: int = 1) -> StoredEvent:
    """An event of a commit that has so many, from the version `first` on."""
    return StoredEvent(
        stream=stream_id(stream),
        version=version,
        event_id="id",
        type="Noted",
        event=RawEvent("Noted", 1, b"{}"),
        timestamp=NOW,
        metadata=EventMetadata(),
        commit_id="commit",
        commit_first=first,
        commit_count=count,
    )


def test_each_stream_comes_in_order_of_its_versions_in_the_places_that_it_has() -> None:
    places = {0: ("a", 2), 2: ("b", 1), 3: ("a", 1), 5: ("a", 3), 6: ("b", 2)}

    order = in_version_order({place: [record(*each)] for place, each in places.items()})

    assert order == [3, 2, 0, 5, 6]


class TestStreams:
    def test_what_is_missing_below_a_record_is_read_and_handed_out_first(self) -> None:
        order = StreamOrder(stored("a", 6))

        assert [given(order, "a", version, 2) for version in (3, 2, 6, 4)] == [
            *([2, 3], [], [4, 5, 6], []),
        ]

    def test_what_comes_before_the_beginning_is_not_missing(self) -> None:
        assert given(StreamOrder(stored("a", 6)), "a", 3) == [3]

    def test_repeats_are_told_of_as_many_streams_as_are_remembered(self) -> None:
        order = StreamOrder(MemoryProvider().events(), remembered=2)

        assert [given(order, stream) for stream in "abab"] == [[1], [1], [], []]

    def test_stream_that_was_met_longest_ago_is_forgotten_first(self) -> None:
        order = StreamOrder(MemoryProvider().events(), remembered=2)
        for stream in "abac":
            given(order, stream)

        assert [order.last(stream_id(stream)) for stream in "abc"] == [1, 0, 1]

    def test_record_from_before_the_beginning_is_handed_out_late(self) -> None:
        order = StreamOrder(MemoryProvider().events())

        assert [given(order, "a", version) for version in (3, 2, 3, 2)] == [[3], [2], [], [2]]

    def test_stream_that_was_known_before_goes_on_there(self) -> None:
        order = StreamOrder(MemoryProvider().events())
        order.know(stream_id("a"), 2, 4)

        assert [given(order, "a", version) for version in (4, 2, 5)] == [[], [], [5]]

    def test_of_a_packed_commit_is_handed_out_what_is_new(self) -> None:
        order = StreamOrder(stored("a", 4))
        order.know(stream_id("a"), 2, 2)

        due = order.due([record("a", version, count=4) for version in (1, 2, 3, 4)], first=2)

        assert [event.version for event in due] == [3, 4]
        assert order.last(stream_id("a")) == 4


class TestCommitsThatArrivedInPart:
    def test_so_many_are_kept_and_the_newest_ones(self) -> None:
        commits = OpenCommits(max_commits=2)

        for stream in "abc":
            commits.arrived([record(stream, 1, count=2)], last=2)

        assert list(commits.notes()) == ["Note:b", "Note:c"]

    def test_one_that_goes_on_arriving_is_among_the_newest(self) -> None:
        commits = OpenCommits(max_commits=2)
        for stream, version in (("a", 1), ("b", 1), ("a", 2), ("c", 1)):
            commits.arrived([record(stream, version, count=3)], last=3)

        assert list(commits.notes()) == ["Note:a", "Note:c"]

    def test_one_that_arrived_as_a_whole_is_forgotten_whatever_came_first_or_twice(self) -> None:
        commits = OpenCommits()

        for version in (3, 1, 3):
            commits.arrived([record("a", version, count=3)], last=3)
        before = commits.notes()
        commits.arrived([record("a", 2, count=3)], last=3)

        assert (before, commits.notes()) == ({"Note:a": "1:3:5"}, {})

    def test_later_commit_of_a_stream_takes_the_place_of_an_earlier_one(self) -> None:
        commits = OpenCommits()
        commits.arrived([record("a", 1, count=2)], last=2)

        commits.arrived([record("a", 4, first=3, count=2)], last=4)
        commits.arrived([record("a", 2, count=2)], last=4)

        assert commits.notes() == {"Note:a": "3:4:2"}

    def test_how_far_its_stream_is_dealt_with_is_what_was_said_last(self) -> None:
        commits = OpenCommits()

        for version, last in ((1, 1), (3, 3)):
            commits.arrived([record("a", version, count=4)], last=last)

        assert commits.notes() == {"Note:a": "1:3:5"}

    def test_what_was_noted_takes_the_place_of_what_was_known(self) -> None:
        commits = OpenCommits()
        commits.arrived([record("a", 1, count=2)], last=2)

        assert list(commits.load({"Note:b": "3:9:2f"})) == [(stream_id("b"), 3, 9)]
        assert commits.notes() == {"Note:b": "3:9:2f"}


def given(order: StreamOrder, stream: str, version: int = 1, first: int = 0) -> Sequence[int]:
    """The versions to hand out when a record comes, by itself the first one if none is told."""
    due = order.due([record(stream, version)], first=first or version)
    return [event.version for event in due]


def stored(stream: str, count: int) -> StreamTable:
    """A table with so many events of a stream."""
    provider = MemoryProvider()
    events = [record(stream, version) for version in range(1, count + 1)]
    provider.transaction("commit", provider.events().append(events)).commit()
    return provider.events()
