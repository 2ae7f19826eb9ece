"""Appending to streams as part of a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen
from typing_extensions import override

from application.errors import UnitOfWorkMisused
from application.event_context import current_event_context
from application.ports.event_store import EventMetadata, StreamWriter
from domain.consistency import ExpectedVersion, StreamId
from domain.events import DomainEvent
from infrastructure.commit.participant import Action, Commit, Participant, RecordedEvent
from infrastructure.events.registry import EventEncoder
from infrastructure.events.streams import StreamTable, confirmed_version


@frozen
class _Append:
    stream: StreamId
    events: tuple[DomainEvent, ...]
    expected: ExpectedVersion
    metadata: EventMetadata

    def recorded(self, after: int) -> Iterator[RecordedEvent]:
        for version, event in enumerate(self.events, after + 1):
            yield RecordedEvent(
                event=event,
                aggregate_type=self.stream.type,
                aggregate_id=self.stream.id,
                version=version,
                metadata=self.metadata,
            )


class StreamAppender(StreamWriter, Participant):
    """A participant of a unit of work. `check_open` raises where nothing may be staged."""

    def __init__(
        self, table: StreamTable, encoder: EventEncoder, check_open: Callable[[], None]
    ) -> None:
        self._table = table
        self._encoder = encoder
        self._check_open = check_open
        self._staged: list[_Append] = []
        self._confirmed: list[tuple[_Append, int]] = []

    @override
    def append(
        self,
        stream: StreamId,
        events: Sequence[DomainEvent],
        expected: ExpectedVersion,
        metadata: EventMetadata | None = None,
    ) -> None:
        self._check_open()
        if any(staged.stream == stream for staged in self._staged):
            raise UnitOfWorkMisused(f"{stream} is appended to twice in one commit")
        if events:
            metadata = metadata or current_event_context()
            self._staged.append(_Append(stream, tuple(events), expected, metadata))

    @override
    def is_changed(self) -> bool:
        return bool(self._staged)

    @override
    def forgotten(self) -> Sequence[str]:
        return ()

    @override
    def prepare(self) -> Sequence[RecordedEvent]:
        """See `Participant`. Reads the stream for expectations that are no `Loaded`."""
        self._confirmed = [
            (staged, confirmed_version(self._table, staged.stream, staged.expected))
            for staged in self._staged
        ]
        return [event for staged, after in self._confirmed for event in staged.recorded(after)]

    @override
    def actions(self, commit: Commit) -> Sequence[Action]:
        return [
            action
            for staged, after in self._confirmed
            for action in self._table.append(
                self._encoder.encode(staged.stream, staged.events, after, commit, staged.metadata)
            )
        ]

    @override
    def committed(self) -> None:
        self.clear()

    @override
    def clear(self) -> None:
        self._staged.clear()
