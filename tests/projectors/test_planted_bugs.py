"""Bugs that the simulated histories must notice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from application.ports.dcb_store import SequencedEvent
from infrastructure.projections.projection import Projection
from infrastructure.tagged_events.bookmark import Bookmark
from infrastructure.tagged_events.follower import Follower
from tests.projectors.simulated import played
from tests.samples.projectors import Tally

SEEDS = range(40)


def notices(projection: type[Projection[Tally]] = Projection) -> bool:
    """Whether a history ends with a state that is not that of all events."""
    worlds = (played(seed, projection) for seed in SEEDS)
    return any(world.state() != world.expected() for world in worlds)


def deaf(follower: Follower) -> tuple[list[SequencedEvent], bool]:
    return [], True


_bookmark = Follower.bookmark


def forgetful(follower: Follower) -> Bookmark:
    return evolve(_bookmark(follower), told=())


class Unmended(Projection[Tally]):
    """Takes no notice of what is late."""

    def _repair(self, late: Sequence[SequencedEvent]) -> None:
        pass


class Appending(Projection[Tally]):
    """Folds what is late where it is."""

    def _repair(self, late: Sequence[SequencedEvent]) -> None:
        for event in late:
            self._state = self._projector.fold(self._state, self._decode(event))


class CheckpointingFirst(Projection[Tally]):
    """Stores where to go on before what was folded from there."""

    def advance(self) -> bool:
        state = self._state
        is_idle = super().advance()
        folded, self._state = self._state, state
        self.save()
        self._state = folded
        return is_idle


class StoringFirst(Projection[Tally]):
    """Stores what was folded with the bookmark from before it."""

    def advance(self) -> bool:
        before = self._follower.bookmark()
        is_idle = super().advance()
        follower, self._follower = self._follower, _Bookmarked(before)  # type: ignore[assignment]
        self.save()
        self._follower = follower
        return is_idle


class _Bookmarked:
    def __init__(self, bookmark: Bookmark) -> None:
        self.position = bookmark.position
        self.bookmark = lambda: bookmark


def test_ignoring_the_feed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "_hear", deaf)
    assert notices()


def test_forgetting_what_the_feed_told_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "bookmark", forgetful)
    assert notices()


@pytest.mark.parametrize("bug", [Unmended, Appending, CheckpointingFirst, StoringFirst])
def test_a_projection_with_a_bug_is_noticed(bug: type[Projection[Tally]]) -> None:
    assert notices(bug)
