"""States and heartbeats as both providers store them: records, and the tables they are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from attrs import frozen

from application.ports.projection_store import (
    Lifecycle,
    ProjectionState,
    RunningInstance,
    Stamp,
    StateUnreadable,
)
from domain.errors import InvalidValue
from domain.tagged_events import Position
from infrastructure.limits import Record

PROJECTION_STATES = "projection-states"
"""The logical name of the table."""

HEARTBEATS = "HEARTBEAT#"
"""The key under which all heartbeats are: no name of a projector. Stored: never change it."""

STATE_DATA = "stateData"
"""The attribute that holds the compressed data of a state. Stored."""


@frozen(kw_only=True)
class StoredState:
    """A state or a tombstone, and the id of the write that stored it."""

    state: ProjectionState
    write_id: str

    @property
    def is_deleted(self) -> bool:
        """Whether it is the tombstone of a deletion, which readers do not see."""
        return self.state.lifecycle is Lifecycle.DELETED


@frozen
class Refused:
    """What was found instead, and whether an attempt before this answer may have been applied."""

    found: StoredState | None
    maybe_applied: bool = False


class ProjectionStateTable(Protocol):
    """One item of each version of a projector, which is never removed."""

    def read(self, projector: str, version: str) -> StoredState | None:
        """What is stored, tombstones included (strongly consistent). Raises `StateUnreadable`."""
        ...

    def write(
        self, stored: StoredState, expected: Stamp | None, *, deleted: bool = False
    ) -> Refused | None:
        """Stores it where exactly this is stored, or nothing; None where it was stored.

        `expected` is the stamp of the item (None: there is none), which is `deleted` if it is the
        tombstone of a deletion. Where neither is so, the `created` of the item stays.
        """
        ...

    def all(self, projector: str | None = None) -> Iterable[StoredState]:
        """What is stored, of one projector or all, tombstones included, without its data.

        Strongly consistent, in any order. Raises `StateUnreadable`.
        """
        ...


class HeartbeatTable(Protocol):
    """The last heartbeat of every instance, by projector and version."""

    def put(self, instance: RunningInstance, expires: datetime) -> None:
        """Stores a heartbeat unless one is there that was seen later. It may go after `expires`."""
        ...

    def all(self) -> Iterable[RunningInstance]:
        """The heartbeats that are there, expired ones too (strongly consistent)."""
        ...


def to_record(stored: StoredState) -> Record:
    """The attributes of an item. Names and formats are stored: never change them."""
    state = stored.state
    optional = {
        "lastPosition": _text(state.last_position),
        "safeWindowThreshold": _text(state.safe_window_threshold),
        "buildSource": state.build_source,
        "buildHost": state.build_host,
        "offloadKey": state.offload_key,
        "offloadProvider": state.offload_provider,
        STATE_DATA: state.inline,
    }
    return {
        "pk": state.projector,
        "sk": state.version,
        "payloadType": state.payload_type,
        "eventsProcessed": state.events_processed,
        "generation": state.generation,
        "revision": state.revision,
        "lifecycle": state.lifecycle.value,
        "createdAt": state.created.astimezone(UTC).isoformat(),
        "updatedAt": state.updated.astimezone(UTC).isoformat(),
        "originalSize": state.original_size,
        "compressedSize": state.compressed_size,
        "writeId": stored.write_id,
        **{name: value for name, value in optional.items() if value is not None},
    }


def from_record(record: Mapping[str, Any]) -> StoredState:
    """What `to_record` made this of. Raises `StateUnreadable`."""
    try:
        return StoredState(state=_state(record), write_id=record["writeId"])
    except (LookupError, TypeError, ValueError, InvalidValue) as error:
        problem = f"{type(error).__name__}: {error}"
        raise StateUnreadable(record["pk"], record["sk"], problem) from error


def _state(record: Mapping[str, Any]) -> ProjectionState:
    return ProjectionState(
        projector=record["pk"],
        version=record["sk"],
        payload_type=record["payloadType"],
        last_position=_position(record.get("lastPosition")),
        events_processed=int(record["eventsProcessed"]),
        safe_window_threshold=_position(record.get("safeWindowThreshold")),
        build_source=record.get("buildSource"),
        build_host=record.get("buildHost"),
        generation=int(record["generation"]),
        revision=int(record["revision"]),
        lifecycle=Lifecycle(record["lifecycle"]),
        created=datetime.fromisoformat(record["createdAt"]),
        updated=datetime.fromisoformat(record["updatedAt"]),
        original_size=int(record["originalSize"]),
        compressed_size=int(record["compressedSize"]),
        offload_key=record.get("offloadKey"),
        offload_provider=record.get("offloadProvider"),
        inline=record.get(STATE_DATA),
    )


def _text(position: Position | None) -> str | None:
    return None if position is None else position.value


def _position(text: str | None) -> Position | None:
    return None if text is None else Position(text)
