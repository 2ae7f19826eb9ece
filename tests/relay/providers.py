"""One outbox on each provider, as those who add see it and as each relay sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import define, field, frozen

from application.ports.relay_queue import RelayQueue
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.outbox import MemoryOutboxTable
from infrastructure.metering import Meter
from infrastructure.outbox.relay_queue import TableRelayQueue
from infrastructure.outbox.store import TableOutbox
from tests.relay.lagging import Lag, LaggingClient, LaggingIndex, LaggingMemoryTable, LaggingView
from tests.relay.relays import Life
from tests.relay.virtual_time import VirtualTime
from tests.stores import Store


class Outboxes(Protocol):
    """One outbox as those who add see it, and as each relay sees it."""

    @property
    def name(self) -> str: ...

    @property
    def requests(self) -> int: ...

    def outbox(self) -> TableOutbox: ...

    def queue(self, life: Life) -> RelayQueue: ...


@frozen
class InMemory:
    """The memory provider; its index lags where there is a view."""

    time: VirtualTime
    store: Store = field(factory=lambda: Store("memory", MemoryProvider()))
    view: LaggingView[Any] | None = None
    name: str = "memory"
    requests: int = 0

    def outbox(self) -> TableOutbox:
        return _outbox(self.store, self.time)

    def queue(self, life: Life) -> RelayQueue:
        provider = self.store.provider
        assert isinstance(provider, MemoryProvider)
        table = MemoryOutboxTable(provider.database)
        if self.view is not None:
            table = LaggingMemoryTable(provider.database, self.view)
        return TableRelayQueue(table=table, transaction=provider.transaction, ids=self.store.ids)


@define
class Counting:
    """A DynamoDB client that counts the requests of all who share `requests`."""

    client: Client
    requests: list[str]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self.client, operation)

        def call(**request: Any) -> Any:
            self.requests.append(operation)
            return method(**request)

        return call


@frozen
class OnDynamoDB:
    """Tables on an engine; the index lags where there is one that does."""

    time: VirtualTime
    store: Store
    index: LaggingIndex | None = None
    sent: list[str] = field(factory=list)

    @property
    def name(self) -> str:
        return self.store.name

    @property
    def requests(self) -> int:
        return len(self.sent)

    def outbox(self) -> TableOutbox:
        return _outbox(self.store, self.time)

    def queue(self, life: Life) -> RelayQueue:
        healthy = self.store.provider
        assert isinstance(healthy, DynamoDBProvider)
        client = healthy.gateway._client
        if self.index is not None:
            client = LaggingClient(client, self.index)
        policy = RetryPolicy(
            sleep=life.wait, random=life.random.random, monotonic=lambda: self.time.passed
        )
        gateway = Gateway(Counting(client, self.sent), Meter(), policy)
        provider = DynamoDBProvider(gateway, healthy.tables, outbox_shards=healthy.outbox_shards)
        return TableRelayQueue(
            table=provider.outbox(), transaction=provider.transaction, ids=self.store.ids
        )


def in_memory(time: VirtualTime, lag: Lag | None = None) -> InMemory:
    """An empty outbox in memory."""
    return InMemory(time, view=None if lag is None else LaggingView(lag))


def on_dynamodb(time: VirtualTime, store: Store, lag: Lag | None = None) -> OnDynamoDB:
    """The empty outbox of a store on an engine."""
    return OnDynamoDB(time, store, None if lag is None else LaggingIndex(lag))


def _outbox(store: Store, time: VirtualTime) -> TableOutbox:
    return TableOutbox(
        table=store.provider.outbox(),
        transaction=store.provider.transaction,
        check=lambda _: None,
        clock=time,
        ids=store.ids,
        meter=store.meter,
    )
