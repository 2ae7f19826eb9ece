"""One projection while it is run: its state, how far it is, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog
from attrs import frozen

from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent
from application.ports.projection_store import (
    ProjectionStore,
    Stamp,
    StateDescription,
    StateMoved,
)
from application.projector import Projector
from domain.tagged_events import Position
from infrastructure.projections.codec import decode_state, encode_state
from infrastructure.tagged_events.follower import Follower

StateT = TypeVar("StateT")

_IDLE = timedelta(minutes=15)
"""How often the bookmark is stored where nothing was folded: the feed goes back for a day."""

logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class SavePolicy:
    """When a state is stored: after so many events were read, or so many seconds after a fold.

    It is stored, too, when the projection has caught up, and when it is ended.
    """

    events: int = 1000
    seconds: float = 5.0


@frozen(kw_only=True)
class Build:
    """What builds a state, and where: both are stored with it."""

    source: str
    host: str


class Projection(Generic[StateT]):
    """Folds what its follower gives. State and bookmark are stored in one write.

    Whatever it raises, it is of no use any more: what is stored is loaded anew by another one.
    """

    def __init__(
        self,
        projector: Projector[StateT],
        store: ProjectionStore,
        follower: Follower,
        decode: Callable[[SequencedEvent], SequencedEvent],
        clock: Clock,
        *,
        build: Build,
        policy: SavePolicy,
    ) -> None:
        self._projector = projector
        self._store = store
        self._follower = follower
        self._decode = decode
        self._clock = clock
        self._build = build
        self._policy = policy
        self._state = projector.initial()
        self._stamp: Stamp | None = None
        self._read = self._folded = 0
        self._saved_at = clock.now()
        self._complete_to: Position | None = None
        self.events = 0
        self.has_caught_up = False
        """Whether it has folded everything below the safe window since it was loaded."""
        self._is_behind = True

    @property
    def position(self) -> Position | None:
        """How far the events were read."""
        return self._follower.position

    @property
    def horizon(self) -> Position:
        """How far they are to be read."""
        return self._follower.horizon

    @property
    def lag(self) -> timedelta | None:
        """From the last event that was read to the horizon. None before the first one.

        Zero where there was nothing more to read.
        """
        if not self._is_behind:
            return timedelta()
        if self.position is None:
            return None
        behind = self.horizon.microsecond - self.position.microsecond
        return timedelta(microseconds=max(behind, 0))

    @property
    def is_changed(self) -> bool:
        """Whether something was read since it was stored."""
        return self._read + self._folded > 0

    def load(self) -> None:
        """Goes on where the stored state ends, or begins.

        Raises `ChangesTrimmed` where that was too long ago, and `StateUnreadable`.
        """
        found = self._store.latest(self._projector.name, self._projector.version)
        self._stamp = None if found is None else found.stamp
        if found is None or not found.is_live:
            self._follower.start()
            return
        self._state, bookmark = decode_state(self._projector, self._store.data(found))
        self.events = found.events_processed
        self._complete_to = found.safe_window_threshold
        self._follower.resume(bookmark)

    def advance(self) -> bool:
        """Folds a page of events; whether there was nothing more."""
        look = self._follower.look()
        if look.read or look.has_caught_up:  # else it was not time yet to read more
            self._is_behind = not look.has_caught_up
        for event in look.events:
            self._state = self._projector.fold(self._state, self._decode(event))
        self.events += len(look.events)
        self._folded += len(look.events)
        self._read += look.read
        if look.late:
            self._repair(look.late)
            return False
        has_caught_up_now = look.has_caught_up and not self.has_caught_up
        if look.has_caught_up:
            self.has_caught_up, self._complete_to = True, self.horizon
        if has_caught_up_now or self._is_due(self._clock.now()):
            self.save()
        return look.is_idle

    def save(self) -> None:
        """Stores the state and the bookmark, or neither. Raises `StateMoved`."""
        described = StateDescription(
            projector=self._projector.name,
            version=self._projector.version,
            payload_type=self._projector.payload_type,
            last_position=self.position,
            events_processed=self.events,
            safe_window_threshold=self._complete_to,
            build_source=self._build.source,
            build_host=self._build.host,
        )
        data = encode_state(self._projector, self._state, self._follower.bookmark())
        self._stamp = self._store.persist(described, data, self._stamp)
        self._read = self._folded = 0
        self._saved_at = self._clock.now()

    def discard(self) -> None:
        """Leaves a tombstone, so that who loads it begins from nothing. Raises `StateMoved`."""
        if self._stamp is not None and self._stamp.revision:
            name, version = self._projector.name, self._projector.version
            self._stamp = self._store.invalidate(name, version, self._stamp)

    def check_current(self) -> None:
        """Raises `StateMoved` where somebody else stored or invalidated the state."""
        found = self._store.latest(self._projector.name, self._projector.version)
        stamp = None if found is None else found.stamp
        if stamp != self._stamp:
            raise StateMoved(self._projector.name, self._projector.version, self._stamp, stamp)

    def _repair(self, late: Sequence[SequencedEvent]) -> None:
        """Folds everything again, with what was late in its place.

        The bookmark of the new beginning is stored at once: it knows of what was late.
        """
        logger.warning(
            "projection is rebuilt, for events that became visible late",
            projector=str(self._projector),
            events=[event.event_id for event in late],
        )
        self.discard()
        self._follower.begin_anew()
        self._state, self.events = self._projector.initial(), 0
        self.has_caught_up, self._complete_to = False, None
        self.save()

    def _is_due(self, now: datetime) -> bool:
        passed = abs(now - self._saved_at)
        return (
            self._read >= self._policy.events
            or (self._folded > 0 and passed >= timedelta(seconds=self._policy.seconds))
            or passed >= _IDLE
        )
