"""The store of projection states, over a table of either provider and a store of blobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import IO, Any

from attrs import evolve, fields, frozen
from typing_extensions import override

from application.errors import CommitOutcomeUnknown
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.projection_store import (
    Lifecycle,
    ProjectionState,
    ProjectionStore,
    Stamp,
    StateDescription,
    StateMoved,
    check_projector,
    is_name,
)
from infrastructure.blobs.offload import Offload
from infrastructure.limits import check_record
from infrastructure.projections.state_data import StateData
from infrastructure.projections.table import (
    PROJECTION_STATES,
    ProjectionStateTable,
    StoredState,
    to_record,
)

MAX_ATTEMPTS = 10
"""How often a deletion is tried while others store one state after the other."""

_DESCRIBED = [field.name for field in fields(StateDescription)]


@frozen(kw_only=True)
class TableProjectionStore(ProjectionStore):
    """States in items, or in blobs where their items would be larger than the offload's threshold.

    A blob is stored before the item that refers to it. One whose item is not stored, and one that
    is not referred to any more, stay behind for whoever collects blobs. Without an offload, a state
    that no item can hold is refused.
    """

    table: ProjectionStateTable
    offload: Offload | None
    clock: Clock
    ids: IdFactory

    @override
    def latest(self, projector: str, version: str) -> ProjectionState | None:
        found = self._read(projector, version)
        return None if found is None or found.is_deleted else found.state

    @override
    def latest_of_any_version(self, projector: str) -> ProjectionState | None:
        live = (state for state in self.list(projector) if state.is_live)
        return max(live, key=attrgetter("events_processed"), default=None)

    @override
    def open(self, state: ProjectionState) -> AbstractContextManager[IO[bytes]]:
        return self._data.open(state)

    @override
    def data(self, state: ProjectionState) -> bytes:
        with self.open(state) as stream:
            return stream.read()

    @override
    def persist(
        self,
        state: StateDescription,
        data: bytes | Iterable[bytes],
        expected: Stamp | None,
        write_id: str | None = None,
    ) -> Stamp:
        """See `ProjectionStore`. One request, and for the first state a read before."""
        check_projector(state.projector, state.version)
        described = {name: getattr(state, name) for name in _DESCRIBED}
        stamp = (expected or Stamp(1, 0)).of_next_state
        stored = self._stored(stamp, write_id, **described)
        check_record(PROJECTION_STATES, ("pk", "sk"), to_record(stored))
        stored = self._data.put(stored, data)
        return self._write_first(stored) if expected is None else self._write(stored, expected)

    @override
    def invalidate(self, projector: str, version: str, expected: Stamp) -> Stamp:
        """See `ProjectionStore`. One request."""
        check_projector(projector, version)
        tombstone = self._tombstone(projector, version, expected, Lifecycle.INVALIDATED)
        return self._write(tombstone, expected)

    @override
    def list(self, projector: str | None = None) -> Sequence[ProjectionState]:
        """See `ProjectionStore`. Takes the read units of the data as well."""
        if projector is not None and not is_name(projector):
            return []
        found = [each.state for each in self.table.all(projector) if not each.is_deleted]
        return sorted(found, key=attrgetter("projector", "version"))

    @override
    def delete(self, projector: str, version: str) -> bool:
        """See `ProjectionStore`. Raises `StateMoved` where others store faster than it deletes."""
        attempts = MAX_ATTEMPTS
        while True:
            found = self.latest(projector, version)
            if found is None:
                return False
            tombstone = self._tombstone(projector, version, found.stamp, Lifecycle.DELETED)
            try:
                self._write(tombstone, found.stamp)
            except StateMoved:
                attempts -= 1
                if not attempts:
                    raise
            else:
                return True

    @override
    def delete_all(self, projector: str | None = None) -> int:
        return sum(self.delete(state.projector, state.version) for state in self.list(projector))

    @override
    def referenced_blobs(self) -> Iterator[str]:
        for stored in self.table.all():
            if stored.state.offload_key is not None:
                yield stored.state.offload_key

    @property
    def _data(self) -> StateData:
        return StateData(self.table, self.offload)

    def _read(self, projector: str, version: str) -> StoredState | None:
        is_possible = is_name(projector) and is_name(version)
        return self.table.read(projector, version) if is_possible else None

    def _stored(self, stamp: Stamp, write_id: str | None = None, **attributes: Any) -> StoredState:
        now = self.clock.now()
        state = ProjectionState(
            generation=stamp.generation,
            revision=stamp.revision,
            created=now,
            updated=now,
            **attributes,
        )
        return StoredState(state=state, write_id=write_id or self.ids.new_id())

    def _tombstone(
        self, projector: str, version: str, expected: Stamp, lifecycle: Lifecycle
    ) -> StoredState:
        return self._stored(
            expected.of_tombstone,
            projector=projector,
            version=version,
            payload_type="",
            lifecycle=lifecycle,
        )

    def _write_first(self, stored: StoredState) -> Stamp:
        """Where the tombstone of a deletion is, counting goes on."""
        found = self.table.read(stored.state.projector, stored.state.version)
        if found is None or not found.is_deleted:
            return self._write(stored, None)
        state = evolve(stored.state, generation=found.state.generation)
        return self._write(evolve(stored, state=state), found.state.stamp, deleted=True)

    def _write(
        self, stored: StoredState, expected: Stamp | None, *, deleted: bool = False
    ) -> Stamp:
        """Stores a state or a tombstone. An answer that was lost does not make it refused."""
        refused = self.table.write(stored, expected, deleted=deleted)
        if refused is None:
            return stored.state.stamp
        found = refused.found
        if found is not None and found.write_id == stored.write_id:
            return found.state.stamp
        # It may have been stored, and others have gone on from there.
        is_passed = found is not None and found.state.stamp > stored.state.stamp
        if refused.maybe_applied and is_passed:
            raise CommitOutcomeUnknown(stored.write_id)
        state = stored.state
        seen = None if found is None or found.is_deleted else found.state.stamp
        raise StateMoved(state.projector, state.version, None if deleted else expected, seen)
