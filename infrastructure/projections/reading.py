"""Reading the states of projectors from their store."""

from __future__ import annotations

from typing import TypeVar

from attrs import frozen
from typing_extensions import override

from application.ports.projection_store import ProjectionStore, StateMoved
from application.ports.projections import Projected, Projections
from application.projector import Projector
from infrastructure.projections.codec import decode_state

StateT = TypeVar("StateT")

_ATTEMPTS = 5
"""How often a state is read whose data is replaced between two requests."""


@frozen
class StoredProjections(Projections):
    """Each read is of the store: strongly consistent."""

    _store: ProjectionStore

    @override
    def read(self, projector: Projector[StateT]) -> Projected[StateT] | None:
        """See the port. Raises `StateMoved` where it is stored anew faster than it can be read."""
        attempts = _ATTEMPTS
        while True:
            try:
                return self._read(projector)
            except StateMoved:
                attempts -= 1
                if not attempts:
                    raise

    def _read(self, projector: Projector[StateT]) -> Projected[StateT] | None:
        found = self._store.latest(projector.name, projector.version)
        if found is None or not found.is_live:
            return None
        state, _ = decode_state(projector, self._store.data(found))
        return Projected(
            state=state,
            events=found.events_processed,
            position=found.last_position,
            updated=found.updated,
            is_complete=found.safe_window_threshold is not None,
        )
