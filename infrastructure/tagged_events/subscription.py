"""Subscriptions to tagged events, over a follower."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from types import TracebackType
from typing import Self

from typing_extensions import override

from application.ports.dcb_store import SequencedEvent, TaggedSubscription
from infrastructure.subscriptions.change_reader import Wait
from infrastructure.tagged_events.follower import Follower


class FollowingSubscription(TaggedSubscription):
    """Waits where its follower has nothing. It holds nothing that would have to be given back."""

    def __init__(
        self,
        follower: Follower,
        show: Callable[[SequencedEvent], SequencedEvent],
        poll_interval: float,
        wait: Wait,
    ) -> None:
        self._follower = follower
        self._show = show
        self._poll_interval = poll_interval
        self._wait = wait
        self._stopping = Event()
        self._events = self._iterate()

    @override
    def __iter__(self) -> Iterator[SequencedEvent]:
        return self

    @override
    def __next__(self) -> SequencedEvent:
        return next(self._events)

    @override
    def stop(self) -> None:
        self._stopping.set()

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _iterate(self) -> Iterator[SequencedEvent]:
        while not self._stopping.is_set():
            look = self._follower.look()
            for event in (*look.late, *look.events):
                yield self._show(event)
                if self._stopping.is_set():
                    return
            if look.is_idle:
                self._wait(self._stopping, self._poll_interval)
