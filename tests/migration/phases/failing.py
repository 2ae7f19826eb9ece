"""Sides that fail, and writers that stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from attrs import define, evolve, frozen
from typing_extensions import override

from application.errors import Unreachable
from application.ports.clock import Clock
from infrastructure.dynamodb.gateway.gateway import WRITES, Gateway, Request, Response
from infrastructure.dynamodb.items import Item
from infrastructure.migration.phases.phase import Side
from infrastructure.migration.phases.store import Change, Fence, Store, Target
from infrastructure.migration.phases.target_table import TargetTable
from tests.migration.phases.moving import Moving

T = TypeVar("T")


@frozen
class Forwarding(Target):
    """A side that is as another one."""

    _store: Store

    @override
    def read(self, key: Item) -> Item | None:
        return self._store.read(key)

    @override
    def read_last(self, key: Item) -> Item | None:
        return self._store.read_last(key)

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        self._store.change(key, change, fence)

    @override
    def in_the_way(self, item: Item) -> dict[str, Item]:
        assert isinstance(self._store, TargetTable)
        return self._store.in_the_way(item)

    @override
    def free(self, claim: str, key: Item, fence: Fence) -> None:
        assert isinstance(self._store, TargetTable)
        self._store.free(claim, key, fence)

    @override
    def mend(self, claim: str, key: Item, fence: Fence) -> bool:
        assert isinstance(self._store, TargetTable)
        return self._store.mend(claim, key, fence)


@frozen
class Failing(Forwarding):
    """A side whose writes fail: before they are applied, or with their answer lost."""

    is_lost: bool = False

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        if self.is_lost:
            self._store.change(key, change, fence)
        raise Unreachable(operation="the test", maybe_applied=self.is_lost)


def without(moving: Moving, side: Side, *, is_lost: bool = False) -> Moving:
    """The same move, seen by who cannot write to one side, or gets no answer from there."""
    failing = Failing(moving.move.store(side), is_lost)
    if side is Side.SOURCE:
        return evolve(moving, move=evolve(moving.move, source=failing))
    return evolve(moving, move=evolve(moving.move, target=failing))


class Stopped(BaseException):
    """The writer's process ended here."""


@define
class Points:
    """The places between two steps of a writer: before and after each write that it sends.

    At the place of this number `action` is done, once.
    """

    number: int
    action: Callable[[], None]
    passed: int = 0

    @property
    def is_reached(self) -> bool:
        return self.passed > self.number

    def passing(self) -> None:
        """The writer is at the next place."""
        self.passed += 1
        if self.passed == self.number + 1:
            self.action()

    def around(self, step: Callable[[], T]) -> T:
        self.passing()
        result = step()
        self.passing()
        return result


@frozen
class Watched(Forwarding):
    """A side that tells when it is written."""

    _points: Points

    @override
    def change(self, key: Item, change: Change, fence: Fence) -> None:
        self._points.around(lambda: self._store.change(key, change, fence))


class WatchedGateway(Gateway):
    """A gateway that tells when something is written."""

    def __init__(self, gateway: Gateway, points: Points) -> None:
        self.__dict__ = {**gateway.__dict__, "_points": points}
        self._points = points

    @override
    def call(self, operation: str, request: Request) -> Response:
        if operation not in WRITES:
            return super().call(operation, request)
        return self._points.around(lambda: super(WatchedGateway, self).call(operation, request))


def watched(moving: Moving, points: Points) -> Moving:
    """The same move, by a writer whose steps are told."""
    journal = moving.move.journal
    journal = evolve(journal, gateway=WatchedGateway(journal.gateway, points))
    source, target = (Watched(moving.move.store(side), points) for side in Side)
    move = evolve(moving.move, journal=journal, source=source, target=target)
    return evolve(moving, move=move)


def stop() -> None:
    raise Stopped


@frozen
class Shifted(Clock):
    """The clock of somebody who comes later."""

    by: timedelta

    @override
    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


def later(moving: Moving) -> Moving:
    """The same move when all leases have ended that are held now."""
    journal = moving.move.journal
    ahead = evolve(journal, clock=Shifted(journal.lease + timedelta(seconds=1)))
    return evolve(moving, move=evolve(moving.move, journal=ahead))
