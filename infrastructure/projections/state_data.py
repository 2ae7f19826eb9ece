"""The data of states: in the item, or in a blob where the item would be too large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import IO, Any

from attrs import evolve, frozen

from application.errors import LimitExceeded
from application.ports.blob_store import Blob, BlobCorrupted, BlobMissing
from application.ports.projection_store import ProjectionState, StateMoved, StateUnreadable
from domain.errors import InvalidValue
from infrastructure.blobs.keys import sha256_of
from infrastructure.blobs.offload import Offload
from infrastructure.limits import MAX_ITEM, record_size
from infrastructure.projections.packing import pack, unpack
from infrastructure.projections.table import ProjectionStateTable, StoredState, to_record


@frozen
class StateData:
    """Puts data where it fits, and finds it there. Without an offload only an item has room."""

    _table: ProjectionStateTable
    _offload: Offload | None

    def put(self, stored: StoredState, data: bytes | Iterable[bytes]) -> StoredState:
        """The state with its data, or with the reference to a blob that holds it by now.

        Raises `LimitExceeded` for what is too large for an item where blobs have no place.
        """
        room = MAX_ITEM if self._offload is None else self._offload.threshold
        packed = pack(data, room)
        size = len(packed.compressed)
        if packed.rest is None:
            inline = _evolved(
                stored,
                inline=packed.compressed,
                original_size=packed.original_size,
                compressed_size=len(packed.compressed),
            )
            size = record_size(to_record(inline))
            if size <= room:
                return inline
        state = stored.state
        if self._offload is None:
            where = f"{state.projector} {state.version}, without a place for blobs"
            raise LimitExceeded("size of a state", size, room, "bytes", where)
        blob = self._offload.put(f"{state.projector}/{state.version}", packed.chunks())
        return _evolved(
            stored,
            offload_key=blob.key,
            offload_provider=blob.provider,
            original_size=blob.original_size,
            compressed_size=blob.compressed_size,
        )

    @contextmanager
    def open(self, state: ProjectionState) -> Iterator[IO[bytes]]:
        """See `ProjectionStore.open`."""
        if not state.is_live:
            raise InvalidValue("state", "is a tombstone, which has no data")
        with ExitStack() as stack:
            try:
                if state.is_offloaded:
                    stream = stack.enter_context(self._blob(state))
                else:
                    inline = state.inline or self._stored(state).inline or b""
                    stream = stack.enter_context(unpack(inline))
            except BlobMissing as error:
                self._stored(state)  # says so where there is a newer one
                raise _unreadable(state, error) from error
            except (BlobCorrupted, ValueError) as error:
                raise _unreadable(state, error) from error
            yield stream

    def _blob(self, state: ProjectionState) -> AbstractContextManager[IO[bytes]]:
        if self._offload is None:
            raise ValueError("its data is in a blob, and no place for blobs is set")
        return self._offload.open(_blob_of(state))

    def _stored(self, state: ProjectionState) -> ProjectionState:
        """The state as it is stored now. Raises `StateMoved` where it is another one."""
        found = self._table.read(state.projector, state.version)
        if found is None or found.state.stamp != state.stamp:
            stamp = None if found is None or found.is_deleted else found.state.stamp
            raise StateMoved(state.projector, state.version, state.stamp, stamp)
        return found.state


def _blob_of(state: ProjectionState) -> Blob:
    key = state.offload_key or ""
    return Blob(
        key=key,
        provider=state.offload_provider or "",
        sha256=sha256_of(key),
        original_size=state.original_size,
        compressed_size=state.compressed_size,
    )


def _evolved(stored: StoredState, **changes: Any) -> StoredState:
    return evolve(stored, state=evolve(stored.state, **changes))


def _unreadable(state: ProjectionState, error: Exception) -> StateUnreadable:
    return StateUnreadable(state.projector, state.version, str(error))
