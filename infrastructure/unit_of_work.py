"""The unit of work of both providers: one repository a line."""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, TypeVar

from attrs import field, frozen

from application.ports.ids import IdFactory
from application.ports.token_signer import TokenSigner
from infrastructure.appending import Recorder, StreamAppender
from infrastructure.committing import BaseUnitOfWork
from infrastructure.cursors import Cursors
from infrastructure.event_registry import EventRegistry
from infrastructure.event_types import EVENT_TYPES
from infrastructure.inbox import ReceiptRecorder
from infrastructure.message_registry import MessageRegistry
from infrastructure.message_types import MESSAGE_TYPES
from infrastructure.orders import ORDERS, StoredOrderRepository
from infrastructure.outbox import Check
from infrastructure.outbox_writing import EventMessages, MessageAppender
from infrastructure.repository import Provider
from infrastructure.sourced import SnapshotPolicy, SourcedTable
from infrastructure.users import USERS, StoredUserRepository

ActionT = TypeVar("ActionT")


@frozen(kw_only=True)
class EventOptions:
    """How events are appended, loaded and told to the world outside.

    `check_message` refuses messages that their destination would not take. Receipts of the inbox
    are kept for `keep_receipts`.
    """

    registry: EventRegistry = EVENT_TYPES
    most_events: int = 100
    snapshots: SnapshotPolicy = field(factory=SnapshotPolicy)
    messages: MessageRegistry = MESSAGE_TYPES
    check_message: Check = lambda _: None
    keep_receipts: timedelta = timedelta(days=30)


class StoredUnitOfWork(BaseUnitOfWork[ActionT], Generic[ActionT]):
    """Implements the port `UnitOfWork`. `signer` signs the cursors of listings."""

    def __init__(
        self,
        provider: Provider[ActionT],
        ids: IdFactory,
        signer: TokenSigner,
        options: EventOptions | None = None,
    ) -> None:
        options = options or EventOptions()
        outbox, check = provider.outbox(), options.check_message
        super().__init__(provider.begin, ids, EventMessages(outbox, options.messages, ids, check))
        # First: a message that was handled already is told before anything else that is wrong.
        self.inbox = ReceiptRecorder(provider.inbox(), options.keep_receipts)
        self.enlist(self.inbox)
        recorder = Recorder(options.registry, ids, options.most_events, options.messages.leaves)
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
        self.outbox = MessageAppender(outbox, ids, check)
        self.enlist(self.outbox)
