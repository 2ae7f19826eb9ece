"""The unit of work of both providers: one repository a line."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import field, frozen

from application.ports.ids import IdFactory
from application.ports.token_signer import TokenSigner
from infrastructure.appending import Recorder, StreamAppender
from infrastructure.committing import BaseUnitOfWork
from infrastructure.cursors import Cursors
from infrastructure.event_registry import EventRegistry
from infrastructure.event_types import EVENT_TYPES
from infrastructure.orders import ORDERS, StoredOrderRepository
from infrastructure.repository import Provider
from infrastructure.sourced import SnapshotPolicy, SourcedTable
from infrastructure.users import USERS, StoredUserRepository

ActionT = TypeVar("ActionT")


@frozen(kw_only=True)
class EventOptions:
    """How events are appended and loaded."""

    registry: EventRegistry = EVENT_TYPES
    most_events: int = 100
    snapshots: SnapshotPolicy = field(factory=SnapshotPolicy)


class StoredUnitOfWork(BaseUnitOfWork[ActionT], Generic[ActionT]):
    """Implements the port `UnitOfWork`. `signer` signs the cursors of listings."""

    def __init__(
        self,
        provider: Provider[ActionT],
        ids: IdFactory,
        signer: TokenSigner,
        options: EventOptions | None = None,
    ) -> None:
        super().__init__(provider.begin, ids)
        options = options or EventOptions()
        recorder = Recorder(options.registry, ids, options.most_events)
        cursors = Cursors(signer)
        orders = SourcedTable(
            aggregate_type=ORDERS,
            events=provider.events(),
            snapshots=provider.snapshots(),
            registry=options.registry,
            recorder=recorder,
            policy=options.snapshots,
        )
        self.users = StoredUserRepository(self, USERS, provider.table(USERS), cursors)
        self.orders = StoredOrderRepository(self, ORDERS, orders)
        self.streams = StreamAppender(provider.events(), recorder)
        self.enlist(self.streams)
