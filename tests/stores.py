"""Fixtures: a fresh store on each provider and engine, as a unit of work sees it.

A store is of the contexts of `tests.samples`, unless it is given others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from attrs import define, evolve, field
from botocore.config import Config
from moto import mock_aws

from api.composition.clients import make_client
from application.ports.clock import Clock
from application.ports.dcb_store import SequencedEvent
from infrastructure.contexts.context import Contexts
from infrastructure.dynamodb.change_feed.table_changes import TableChanges
from infrastructure.dynamodb.change_feed.table_stream import TableStream
from infrastructure.dynamodb.gateway.gateway import Client, Gateway
from infrastructure.dynamodb.gateway.lean_client import LeanClient
from infrastructure.dynamodb.gateway.retry import RetryPolicy
from infrastructure.dynamodb.mappers.tagged_events import tagged_event_of_image
from infrastructure.dynamodb.models import SHARED
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.schema.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.schema.table_schema import TableSchema
from infrastructure.dynamodb.table_names import TableNames
from infrastructure.events.event_store import TableEventStore
from infrastructure.memory.change_feed import MemoryChanges
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.tables.tagged_events import event_of
from infrastructure.metering import Meter
from infrastructure.settings.settings import SAMPLE_SIGNING_KEY, Settings
from infrastructure.subscriptions.change_reader import ChangeSource, Wait
from infrastructure.system.clock import SystemClock
from infrastructure.system.ids import RandomIds
from infrastructure.system.tokens import JwtSigner
from infrastructure.tagged_events.store import TableDcbStore
from infrastructure.tagged_events.table import TAGGED_EVENTS
from infrastructure.unit_of_work import CommitOptions, UnitsOfWork
from tests.promised_tables import keep_promises, promise
from tests.samples.contexts import SAMPLES

if TYPE_CHECKING:
    from api.container import Container

PATIENCE = 60.0
REGION = "eu-central-1"


@define
class Store:
    """One empty store. Its units of work share nothing but what is stored."""

    name: str
    provider: MemoryProvider | DynamoDBProvider
    meter: Meter = field(factory=Meter)
    ids: RandomIds = field(factory=RandomIds)
    clock: Clock = field(factory=SystemClock)
    options: CommitOptions = field(factory=lambda: CommitOptions(contexts=SAMPLES))

    @property
    def unit_of_work(self) -> UnitsOfWork:
        signer = JwtSigner(SAMPLE_SIGNING_KEY, SystemClock())
        return UnitsOfWork(self.provider, self.ids, self.clock, signer, self.options)

    def event_store(self, *, transactional: bool = True) -> TableEventStore:
        units = self.unit_of_work
        return TableEventStore(
            table=self.provider.events(),
            registry=units.registry,
            unit_of_work=units,
            transactional=transactional,
        )

    def dcb_store(
        self, *, safe_window: timedelta = timedelta(), wait: Wait = Event.wait
    ) -> TableDcbStore:
        units = self.unit_of_work
        return TableDcbStore(
            conditions=units.conditions,
            unit_of_work=units,
            clock=self.clock,
            changes=self.tagged_event_changes,
            safe_window=safe_window,
            wait=wait,
        )

    def tagged_event_changes(self) -> ChangeSource[SequencedEvent]:
        if isinstance(self.provider, MemoryProvider):
            return MemoryChanges(self.provider.database, TAGGED_EVENTS, event_of)
        decode = tagged_event_of_image(self.provider.event_keys)
        return TableChanges(self.stream(TAGGED_EVENTS), self.clock, decode)

    def stream(self, table: str, page_size: int = 1000) -> TableStream:
        """A table on DynamoDB, with its stream."""
        endpoint = self.gateway._client.meta.endpoint_url
        streams = Gateway(streams_client_of(endpoint), self.meter, self.gateway.retry)
        return TableStream(self.table(table), self.gateway, streams, page_size)

    @property
    def gateway(self) -> Gateway:
        assert isinstance(self.provider, DynamoDBProvider)
        return self.provider.gateway

    def table(self, logical: str) -> str:
        assert isinstance(self.provider, DynamoDBProvider)
        return self.provider.tables.physical(logical)


@cache
def client_of(endpoint_url: str, region: str = REGION) -> Client:
    """One client an engine: making one costs more than most tests.

    It waits long, so that on a busy machine a slow answer is not taken for a lost one.
    """
    settings = Settings(endpoint_url=endpoint_url, region=region, read_timeout_seconds=PATIENCE)
    return LeanClient(keep_promises(make_client(settings)), PATIENCE)


@cache
def streams_client_of(endpoint_url: str) -> Client:
    """The same for the streams of an engine."""
    if ".amazonaws.com" in endpoint_url:  # moto, which answers at no address of an account
        config = Config(account_id_endpoint_mode="disabled")
        return boto3.client("dynamodbstreams", REGION, config=config)
    return make_client(Settings(endpoint_url=endpoint_url, region=REGION), "dynamodbstreams")


_CLIENTS: dict[tuple[str, str], Client] = {}


@pytest.fixture
def shared_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers of one engine share their clients, where nothing else in their settings differs.

    Making a client takes longer than most tests.
    """

    def shared(settings: Settings, service: str = "dynamodb", *, attempts: int = 1) -> Client:
        key = (repr(evolve(settings, table_prefix="")), service)
        if key not in _CLIENTS:
            _CLIENTS[key] = keep_promises(make_client(settings, service, attempts=attempts))
        return _CLIENTS[key]

    for module in ("clients", "dynamodb"):
        monkeypatch.setattr(f"api.composition.{module}.make_client", shared)


def memory_store(contexts: Contexts = SAMPLES) -> Store:
    """A store in a memory of its own."""
    return Store("memory", MemoryProvider(), options=CommitOptions(contexts=contexts))


def promise_tables_of(container: Container) -> None:
    """The tables of a whole service whose client is one of the `shared_clients`."""
    initializer = container.table_initializer()
    if isinstance(initializer, DynamoDBTableInitializer):
        promise(initializer._schemas)


def dynamodb_store(
    name: str, client: Client, *, shards: int = 1, contexts: Contexts = SAMPLES
) -> Store:
    """A store in tables of its own."""
    tables = TableNames(f"test-{uuid4().hex}-")
    meter = Meter()
    gateway = Gateway(client, meter, RetryPolicy(), trust_read_units=False)
    own = {each.aggregate_type: each.model() for each in contexts.state_stored}
    models = {**SHARED, **{aggregate_type.table: model for aggregate_type, model in own.items()}}
    promise(TableSchema(model, tables.physical(name)) for name, model in models.items())
    provider = DynamoDBProvider(gateway, tables, own, listing_shards=shards)
    return Store(name, provider, meter, options=CommitOptions(contexts=contexts))


@cache
def _client_for_moto() -> Client:
    return LeanClient(keep_promises(make_client(Settings(region=REGION))), PATIENCE)


@pytest.fixture
def moto_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """DynamoDB inside this process: for one thread, and never to show cost or idempotency."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield _client_for_moto()


@pytest.fixture
def contexts() -> Contexts:
    """What the stores are of. The tests of a context of the service put that service's here."""
    return SAMPLES


@pytest.fixture(
    params=[
        "memory",
        "moto",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ]
)
def make_store(request: pytest.FixtureRequest, contexts: Contexts) -> Callable[[], Store]:
    """Makes empty stores on every provider and engine in turn."""
    if request.param == "memory":
        return lambda: memory_store(contexts)
    if request.param == "moto":
        client = request.getfixturevalue("moto_client")
    else:
        client = client_of(request.getfixturevalue(request.param).endpoint_url)
    return lambda: dynamodb_store(request.param, client, contexts=contexts)


on_dynamodb = pytest.mark.parametrize(
    "make_store",
    [
        "moto",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynamodb_local", marks=pytest.mark.engine),
    ],
    indirect=True,
)
"""For what memory has no part in."""


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """An empty store on every provider and engine in turn."""
    return make_store()


@pytest.fixture
def ministack_store(request: pytest.FixtureRequest, contexts: Contexts) -> Store:
    """An empty store on the engine that shows races, idempotency and write cost."""
    engine = request.getfixturevalue("ministack")
    return dynamodb_store("ministack", client_of(engine.endpoint_url), contexts=contexts)


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.engine)])
def racing_store(request: pytest.FixtureRequest, contexts: Contexts) -> Store:
    """An empty store that is honest under threads."""
    if request.param == "memory":
        return memory_store(contexts)
    ministack: Store = request.getfixturevalue("ministack_store")
    return ministack
