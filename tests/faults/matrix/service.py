"""One service on tables of its own, behind a network that can fail; or the same in memory."""

from __future__ import annotations

import json
import random
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from attrs import define, evolve, field
from dependency_injector import providers
from typing_extensions import override

from api.container import Container, build_container
from application.ports.clock import Clock
from application.ports.ids import IdFactory
from application.ports.outbox import OutboxMessage
from application.ports.publisher import Accepted, Outcome, Publisher
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.mappers.events import EventReader
from infrastructure.dynamodb.models.events import EventModel
from infrastructure.dynamodb.schema.table_schema import TableSchema
from infrastructure.engines import LocalEngine
from infrastructure.events.packing import PACKED
from infrastructure.settings.settings import Settings
from tests.faults.matrix.invariants import Items
from tests.faults.matrix.network import Network
from tests.faults.matrix.tables import Tables, key_of
from tests.stores import PATIENCE, REGION, client_of
from tests.times import NOW

if TYPE_CHECKING:
    from tests.faults.matrix.beginning import Beginning

ATTEMPTS = 2
"""How often a request is tried: enough to tell one fault from those that last."""

_VARYING = re.compile(
    r'"(leaseUntil|writtenAt|nextAttempt|ttl|publishedAt|deadLetteredAt|checkpoint)":'
    r' {"[NS]": "(?:[^"\\]|\\.)*"}'
)
"""Attributes with times, and with places in a stream, in an item as JSON."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00|(?<!\d)\d{16}(?!\d)")
"""Times, and those of positions of tagged events, in microseconds."""

_READER = EventReader(EventModel)
_IN_BASE64 = {"payload", "state", "eventData"}

Configure = Callable[[Container], None]
"""Replaces what a context brings to the container, such as what hashes its passwords."""

State = Mapping[str, Mapping[str, str]]
"""What each table holds: every item by its key, as text without what differs from run to run."""


@define(eq=False)
class Time(Clock):
    """Stands still until it is turned, or moves by `tick` seconds each time somebody looks.

    In the future, where no item of the past expires.
    """

    start: datetime = NOW
    passed: float = 0.0
    tick: float = 0.0

    @override
    def now(self) -> datetime:
        self.passed += self.tick
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def turn(self, seconds: float) -> None:
        self.passed += seconds

    def start_now(self) -> None:
        """Starts at the engine's time, by which streams tell when something was written.

        And moves, so that no two leases are asked for at the same time.
        """
        self.start, self.tick = datetime.now(UTC), 0.001


@define(eq=False)
class NumberedIds(IdFactory):
    """The same ids and secrets in every run, but for the name of the run in front of an id.

    That is `prepared` where the run has begun with what was prepared for an earlier one.
    """

    run: str = ""
    count: int = 0
    prepared: str = ""

    @override
    def new_id(self) -> str:
        self.count += 1
        return self.following(0)

    @override
    def new_secret(self) -> str:
        self.count += 1
        return f"secret {self.count}"

    def following(self, more: int = 1) -> str:
        """The id that comes so many ids later."""
        return f"{self.run}-{self.count + more:04}"


@define(eq=False)
class KeepingPublisher(Publisher):
    """Takes every message, and remembers its id."""

    timeout: float = 1.0
    max_messages: int = 10
    is_available: bool = True
    published: list[str] = field(factory=list)

    @override
    def publish(self, messages: Sequence[OutboxMessage]) -> Sequence[Outcome]:
        self.published += [message.message_id or "" for message in messages]
        return [Accepted()] * len(messages)


@define(eq=False)
class Service:
    """A container whose clock, ids and network are the test's, and what its tables hold."""

    container: Container
    contexts: Contexts
    time: Time
    ids: NumberedIds
    publisher: KeepingPublisher
    network: Network
    tables: Tables
    engine: str = ""
    beginning: Beginning | None = None
    _runs: int = 0
    _name: str = field(factory=lambda: uuid4().hex[:12])

    def begin(self) -> None:
        """A new run: no time has passed, no id is taken."""
        self._runs += 1
        self.time.start, self.time.passed, self.time.tick = NOW, 0.0, 0.0
        self.ids.run, self.ids.count = f"{self._name}{self._runs:06}", 0
        self.ids.prepared = self.ids.run
        self.publisher.published.clear()
        self.network.reset()
        random.seed(0)  # what is shuffled comes in the same order in every run

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """For others, whose requests do not count and meet nothing."""
        network = self.network
        before = network.troubles, network.after, network.sent, network._held
        network.troubles, network.after, network.sent, network._held = (), lambda _: None, [], []
        try:
            yield
        finally:
            network.troubles, network.after, network.sent, network._held = before

    def state(self, items: Items) -> State:
        """These items as text that is the same in every run."""
        return {
            table: {
                self.anonymous(_text(key_of(item))): self.anonymous(_text(item)) for item in found
            }
            for table, found in items.items()
        }

    def anonymous(self, text: str) -> str:
        """The text without the name of the run, and without what else differs from run to run."""
        text = text.replace(self.ids.run, "").replace(self.ids.prepared, "")
        known = _TIMESTAMP.sub("…", text)
        return _VARYING.sub(r'"\1": "…"', known)

    def schemas(self, *tables: str) -> list[TableSchema]:
        """The schemas of these tables."""
        names = {self.tables.prefix + table for table in tables}
        initializer: Any = self.container.table_initializer()
        return [schema for schema in initializer._schemas if schema.name in names]


IN_MEMORY = Settings(
    environment="test",
    snapshot_every=2,
    relay_batch_size=2,
    outbox_shards=1,
    blob_store="memory",
    offload_threshold_bytes=2_000,
    failures_per_account_and_source="3 per 15 minutes",
    mails_per_address="3 per 15 minutes",
)


def service_in_memory(contexts: Contexts, configure: Configure) -> Service:
    """An empty service in memory."""
    service = _service(IN_MEMORY, contexts, configure, client=None)
    service.begin()
    return service


def service_on(
    engine: LocalEngine, contexts: Contexts, configure: Configure, **changes: Any
) -> Iterator[Service]:
    """A service in new tables of an engine, which are removed in the end.

    `changes` are to the settings.
    """
    prefix = f"test-{uuid4().hex}-"
    settings = evolve(
        IN_MEMORY,
        provider="dynamodb",
        endpoint_url=engine.endpoint_url,
        region=REGION,
        table_prefix=prefix,
        # Each fault is by itself: those before it are none of an outage.
        retry_quota=10**6,
        breaker_failures=1000,
        **{"read_timeout_seconds": PATIENCE, **changes},
    )
    service = _service(settings, contexts, configure, client_of(engine.endpoint_url))
    service.engine = engine.name
    adapters: Any = service.container.adapters()
    policy = RetryPolicy(
        attempts=ATTEMPTS,
        base=0.0,
        throttling_base=0.0,
        sleep=service.time.turn,
        monotonic=service.time.monotonic,
    )
    gateways: list[Gateway] = [adapters.gateway, adapters._streams]
    for gateway in gateways:
        gateway.retry = policy
        service.network.attach(gateway._client)
    service.container.table_initializer().create_missing()
    yield service
    service.network.reset()
    service.container.table_initializer().delete_all()


def _service(
    settings: Settings, contexts: Contexts, configure: Configure, client: Client
) -> Service:
    container = build_container(settings)
    time, ids, publisher = Time(), NumberedIds(), KeepingPublisher()
    container.contexts.override(providers.Object(contexts))
    container.clock.override(providers.Object(time))
    container.ids.override(providers.Object(ids))
    destinations = contexts.integration_events.destinations
    container.publishers.override(providers.Object(dict.fromkeys(destinations, publisher)))
    configure(container)
    network = Network(time.turn)
    tables = Tables(client, settings.table_prefix, network)
    return Service(container, contexts, time, ids, publisher, network, tables)


def _text(item: Mapping[str, Any]) -> str:
    """An item as JSON, and what it holds in base64 or packed as it was before."""
    base64 = set() if "tags" in item else _IN_BASE64  # a tagged event is JSON
    readable = {
        name: {"S": b64decode(value["S"]).decode()} if name in base64 else value
        for name, value in item.items()
    }
    if PACKED in item:
        readable[PACKED] = {"S": str(_READER(item))}
    return json.dumps(readable, sort_keys=True, default=bytes.hex)
