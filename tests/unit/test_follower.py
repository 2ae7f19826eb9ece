"""Following tagged events: nothing is missed, whatever the index shows and however late it is."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from domain.tagged_events import Query
from infrastructure.tagged_events.follower import SLACK
from tests.stores import memory_store
from tests.tagged_events.following import HOUR, Following, following, looked
from tests.tagged_events.samples import BOOK, PAGE


@pytest.fixture
def notes() -> Following:
    return following(memory_store())


def test_events_come_in_order_once_they_are_out_of_the_safe_window(notes: Following) -> None:
    notes.note("a")
    follower = notes.started()
    notes.note("b")
    notes.note("c", seconds_ago=1)
    assert looked(follower) == (["a"], [])
    notes.pass_window()
    assert looked(follower) == (["c", "b"], [])
    assert looked(follower) == ([], [])


def test_many_events_come_page_by_page(notes: Following) -> None:
    for n in range(7):
        notes.note(str(n))
        notes.clock.advance(1)
    follower = notes.started(page_size=3)
    looks = [follower.look() for _ in range(4)]
    assert [len(look.events) for look in looks] == [3, 3, 1, 0]
    assert [look.is_idle for look in looks] == [False, False, False, True]


def test_only_matching_events_come_and_the_others_are_passed(notes: Following) -> None:
    notes.note("a", BOOK)
    notes.clock.advance(1)
    notes.note("b", PAGE)
    follower = notes.started(Query.of(BOOK))
    assert looked(follower) == (["a"], [])
    assert follower.position is not None
    assert follower.position.event_id == "b"


def test_reading_begins_when_the_index_has_caught_up(notes: Following) -> None:
    notes.note("a", seconds_ago=HOUR)
    notes.table.hidden.add("a")
    follower = notes.follower()
    follower.start()
    assert looked(follower) == ([], [])
    notes.pass_window()
    notes.table.hidden.clear()
    assert looked(follower) == (["a"], [])


def test_a_writer_who_is_slow_within_the_window_is_in_order(notes: Following) -> None:
    follower = notes.started()
    notes.note("b", seconds_ago=1)
    assert looked(follower) == ([], [])
    notes.note("a", seconds_ago=4)
    notes.pass_window()
    assert looked(follower) == (["a", "b"], [])


def test_an_event_that_becomes_visible_below_what_was_given_is_late(notes: Following) -> None:
    notes.note("b")
    follower = notes.started()
    looked(follower)
    notes.note("a", seconds_ago=HOUR)
    with capture_logs() as logs:
        assert looked(follower) == ([], ["a"])
        assert looked(follower) == ([], [])
    assert [line["event"] for line in logs] == ["event became visible late"]


def test_an_event_above_all_that_was_given_is_never_late(notes: Following) -> None:
    notes.note("a", BOOK)
    notes.clock.advance(HOUR)
    notes.note("x", PAGE)
    follower = notes.started(Query.of(BOOK))
    looked(follower)
    notes.note("b", BOOK, seconds_ago=HOUR / 2)
    assert looked(follower) == (["b"], [])


def test_an_event_that_does_not_match_is_never_late(notes: Following) -> None:
    notes.note("b", BOOK)
    follower = notes.started(Query.of(BOOK))
    looked(follower)
    notes.note("a", PAGE, seconds_ago=HOUR)
    assert looked(follower) == ([], [])


def test_what_the_index_hides_is_given_in_its_place(notes: Following) -> None:
    follower = notes.started()
    for text in "abc":
        notes.note(text)
        notes.clock.advance(1)
    notes.table.hidden = {"b", "c"}
    notes.pass_window()
    assert looked(follower) == (["a", "b", "c"], [])
    notes.table.hidden.clear()
    assert looked(follower) == ([], [])


def test_events_that_were_given_before_the_feed_told_of_them_are_not_late(
    notes: Following,
) -> None:
    follower = notes.started()
    notes.feed.is_behind = True
    notes.note("a", seconds_ago=8)
    notes.note("b", seconds_ago=7)
    assert looked(follower) == (["a", "b"], [])
    notes.feed.is_behind = False
    assert looked(follower) == ([], [])


class TestBookmarks:
    def test_a_bookmark_goes_on_after_what_was_given(self, notes: Following) -> None:
        notes.note("a")
        follower = notes.started()
        looked(follower)
        notes.note("b")
        bookmark = follower.bookmark()
        notes.pass_window()
        assert looked(notes.resumed(bookmark)) == (["b"], [])

    def test_it_remembers_what_the_feed_told_and_was_not_given(self, notes: Following) -> None:
        notes.note("0")
        follower = notes.started()
        notes.note("a")
        assert looked(follower) == (["0"], [])
        bookmark = follower.bookmark()
        notes.table.hidden.add("a")
        notes.pass_window()
        assert looked(notes.resumed(bookmark)) == (["a"], [])

    def test_it_knows_what_became_visible_late_since(self, notes: Following) -> None:
        notes.note("b")
        follower = notes.started()
        looked(follower)
        bookmark = follower.bookmark()
        notes.note("a", seconds_ago=HOUR)
        assert looked(notes.resumed(bookmark)) == ([], ["a"])

    def test_it_awaits_what_was_given_and_not_told(self, notes: Following) -> None:
        follower = notes.started()
        notes.note("a", seconds_ago=8)
        notes.note("b", seconds_ago=7)
        notes.feed.is_behind = True
        assert looked(follower) == (["a", "b"], [])
        notes.feed.is_behind = False
        bookmark = follower.bookmark()
        assert [position.event_id for position in bookmark.awaited] == ["a", "b"]
        assert looked(notes.resumed(bookmark)) == ([], [])

    def test_what_is_awaited_is_forgotten_when_the_feed_should_have_told(
        self, notes: Following
    ) -> None:
        notes.note("a")  # before the feed begins: it never tells
        follower = notes.started()
        looked(follower)
        assert len(follower.bookmark().awaited) == 1
        notes.clock.advance(SLACK.total_seconds() + 10)
        looked(follower)
        assert follower.bookmark().awaited == ()


class TestBeginningAnew:
    def test_everything_comes_again_with_what_was_late_in_its_place(self, notes: Following) -> None:
        notes.note("b")
        follower = notes.started()
        looked(follower)
        notes.note("a", seconds_ago=HOUR)
        looked(follower)
        follower.begin_anew()
        notes.pass_window()
        assert looked(follower) == (["a", "b"], [])
        assert looked(follower) == ([], [])

    def test_what_was_late_comes_although_the_index_hides_it(self, notes: Following) -> None:
        notes.note("c")
        follower = notes.started()
        looked(follower)
        notes.table.hidden |= {"a", "b"}
        notes.note("b", seconds_ago=HOUR)
        assert looked(follower) == ([], ["b"])
        follower.begin_anew()
        notes.pass_window()
        assert looked(follower) == (["b", "c"], [])
        notes.note("a", seconds_ago=2 * HOUR)
        assert looked(follower) == ([], ["a"])
        follower.begin_anew()
        notes.pass_window()
        assert looked(follower) == (["a", "b", "c"], [])

    def test_nothing_is_late_while_it_is_still_to_come(self, notes: Following) -> None:
        notes.note("b")
        follower = notes.started()
        looked(follower)
        follower.begin_anew()
        notes.note("a", seconds_ago=HOUR)
        notes.pass_window()
        assert looked(follower) == (["a", "b"], [])


def test_a_clock_that_steps_back_neither_repeats_nor_hides(notes: Following) -> None:
    notes.note("a")
    follower = notes.started()
    assert looked(follower) == (["a"], [])
    notes.clock.advance(-HOUR)
    notes.note("b", seconds_ago=-HOUR)
    assert looked(follower) == ([], [])
    notes.clock.advance(2 * HOUR)
    assert looked(follower) == (["b"], [])
