"""States of projections: what was folded from the events so far, and who folds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import IO, Protocol

from attrs import field, frozen

from domain.errors import Conflict, DynastrataError, InvalidValue
from domain.tagged_events import Position

MAX_NAME = 100
"""Characters of the name of a projector, and of its version."""

OF_EVENTS = "events"
"""No name of a projector: its unreferenced blobs are removed, and those of events never are."""

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def is_name(text: str) -> bool:
    """Whether a projector or a version can have this name: it is part of keys and of paths."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def check_projector(projector: str, version: str) -> None:
    """Raises `InvalidValue` for what can be the name of no projector or version."""
    for name, text in (("projector", projector), ("version", version)):
        if not is_name(text):
            raise InvalidValue(
                name, f"must be 1 to {MAX_NAME} letters, digits, '_', '-', and '.' between"
            )
    if projector == OF_EVENTS:
        raise InvalidValue("projector", f"{OF_EVENTS!r} is where the blobs of events are")


@frozen(order=True)
class Stamp:
    """Which state of a projection it is. Stamps of a projector's version only ever grow.

    A revision is one stored state of a generation, from 1 on. Invalidating and deleting end the
    generation: they leave a tombstone, revision 0 of the next one.
    """

    generation: int
    revision: int

    @property
    def of_next_state(self) -> Stamp:
        """That of the state which is stored next."""
        return Stamp(self.generation, self.revision + 1)

    @property
    def of_tombstone(self) -> Stamp:
        """That of the tombstone which ends the generation: it begins the next one."""
        return Stamp(self.generation + 1, 0)


class Lifecycle(StrEnum):
    """What became of a state. These values are stored."""

    LIVE = "live"
    INVALIDATED = "invalidated"
    DELETED = "deleted"


@frozen(kw_only=True)
class StateDescription:
    """What a projector says of its state: how many events are in it, up to which position.

    `safe_window_threshold` is where the safe window began when the state was taken: events below it
    are not expected any more.
    """

    projector: str
    version: str
    payload_type: str
    last_position: Position | None = None
    events_processed: int = 0
    safe_window_threshold: Position | None = None
    build_source: str | None = None
    build_host: str | None = None


@frozen(kw_only=True)
class ProjectionState(StateDescription):
    """A stored state, or the tombstone of one that was invalidated. Its data is read separately.

    Sizes are in bytes, `compressed_size` of the data as it is stored. Offloaded data is in blob
    storage under `offload_key`. `created` is when the first state of this version was stored since
    it was last deleted. A tombstone has no data, and its `payload_type` is empty.
    """

    generation: int
    revision: int
    lifecycle: Lifecycle = Lifecycle.LIVE
    created: datetime
    updated: datetime
    original_size: int = 0
    compressed_size: int = 0
    offload_key: str | None = None
    offload_provider: str | None = None
    inline: bytes | None = field(default=None, repr=False, eq=False)
    """The compressed data, where it came along with the state. For the store alone."""

    @property
    def stamp(self) -> Stamp:
        """What the next write has to expect."""
        return Stamp(self.generation, self.revision)

    @property
    def is_offloaded(self) -> bool:
        """Whether the data is in blob storage."""
        return self.offload_key is not None

    @property
    def is_live(self) -> bool:
        """Whether there is data."""
        return self.lifecycle is Lifecycle.LIVE


@frozen
class StateMoved(Conflict):
    """Another instance stored, invalidated or deleted the state first. Nothing was written.

    None stands for no state: it was never there, or was deleted.
    """

    projector: str
    version: str
    expected: Stamp | None
    found: Stamp | None

    def __str__(self) -> str:
        found, expected = _text(self.found), _text(self.expected)
        return f"the state of {self.projector} {self.version} is {found}, not {expected}"


def _text(stamp: Stamp | None) -> str:
    return "absent" if stamp is None else f"at {stamp.generation}.{stamp.revision}"


@frozen
class StateUnreadable(DynastrataError):
    """What is stored is no state, or its data is damaged."""

    projector: str
    version: str
    problem: str

    def __str__(self) -> str:
        return f"the state of {self.projector} {self.version} is unreadable: {self.problem}"


class ProjectionStore(Protocol):
    """The states of projections: one of each version of a projector. For any thread.

    A write needs the exact stamp of what is stored, so an instance that was left behind never
    overwrites what another one stored. Besides what they tell, methods raise `StorageError`; those
    that write also `CommitOutcomeUnknown`, where an answer was lost and others have written since.
    """

    def latest(self, projector: str, version: str) -> ProjectionState | None:
        """The state, or the tombstone of an invalidation; None where neither is there.

        This and all other reading is strongly consistent, and raises `StateUnreadable`.
        """
        ...

    def latest_of_any_version(self, projector: str) -> ProjectionState | None:
        """The live state that the most events are in."""
        ...

    def open(self, state: ProjectionState) -> AbstractContextManager[IO[bytes]]:
        """The data of a state as a stream, which ends with the block.

        Nothing is handed out before all of it is verified. Raises, on entering, `StateMoved` where
        the data is gone because the state is not the stored one any more, `StateUnreadable` where
        it is damaged, and `InvalidValue` for a tombstone, which has none.
        """
        ...

    def data(self, state: ProjectionState) -> bytes:
        """The whole data of a state. Raises what `open` raises."""
        ...

    def persist(
        self,
        state: StateDescription,
        data: bytes | Iterable[bytes],
        expected: Stamp | None,
        write_id: str | None = None,
    ) -> Stamp:
        """Stores a state with its data, or nothing, and returns its stamp: the next revision.

        `expected` is the stamp of what is there: the state before it, or the tombstone of an
        invalidation, whose stamp begins the next generation. None expects no state. The same
        `write_id` makes a call that is repeated succeed where it had its effect before and nobody
        has written since; without one, one is made. Data that comes in pieces is not held in memory
        as a whole. Raises `StateMoved`, `InvalidValue` for what can be no name, and `LimitExceeded`
        for what is too large for an item where blobs have no place.
        """
        ...

    def invalidate(self, projector: str, version: str, expected: Stamp) -> Stamp:
        """Leaves a tombstone in place of a state and its data, and returns the tombstone's stamp.

        Only who expects that stamp can store the first state of the next generation. Raises
        `StateMoved`.
        """
        ...

    def list(self, projector: str | None = None) -> Sequence[ProjectionState]:
        """All states and tombstones of invalidations, or those of one projector, by their keys."""
        ...

    def delete(self, projector: str, version: str) -> bool:
        """Deletes a state, whatever its stamp; whether there was one.

        Whoever still has its stamp is refused for good, and counting goes on where it was.
        """
        ...

    def delete_all(self, projector: str | None = None) -> int:
        """Deletes all states, or those of one projector; how many there were."""
        ...

    def referenced_blobs(self) -> Iterator[str]:
        """The keys of the blobs that states refer to, in no order.

        One that begins to be referred to meanwhile may be missing: it is new.
        """
        ...


@frozen(kw_only=True)
class RunningInstance:
    """An instance that runs a projector: how far it is, and when it said so."""

    name: str
    host: str
    projector: str
    version: str
    last_position: Position | None
    last_seen: datetime


class ProjectionHeartbeats(Protocol):
    """Which instances run which projectors. Methods raise `StorageError`."""

    def beat(self, instance: RunningInstance) -> None:
        """Says that an instance runs. One that was seen earlier and comes later changes nothing.

        Raises `InvalidValue` for names that cannot be part of a key.
        """
        ...

    def instances(self) -> Sequence[RunningInstance]:
        """Those that were seen lately, by projector, version and name; strongly consistent."""
        ...
