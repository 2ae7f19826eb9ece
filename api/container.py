"""The composition root: the only place that names both a port and its adapter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

from dependency_injector import containers, providers

from application.orders.change_lines import AddLineHandler, RemoveLineHandler
from application.orders.close_order import CancelOrderHandler, PayOrderHandler
from application.orders.get_order import GetOrder, GetOrderHistory
from application.orders.place_order import PlaceOrderHandler
from application.users.ban_user import BanUserHandler
from application.users.change_password import ChangePasswordHandler
from application.users.get_user import GetUser
from application.users.list_users import ListUsers
from application.users.refresh_session import RefreshSessionHandler
from application.users.register_user import RegisterUserHandler
from application.users.remove_user import RemoveUserHandler
from application.users.reset_password import CompletePasswordResetHandler, RequestPasswordReset
from application.users.sign_in import SignInHandler
from application.users.sign_out import SignOut
from application.users.tokens import Lifetimes, UserTokens
from application.users.update_user import UpdateUserHandler
from application.users.verify_email import RequestEmailVerification, VerifyEmail
from infrastructure.clock import SystemClock
from infrastructure.dynamodb.client import make_client
from infrastructure.dynamodb.gateway import Gateway
from infrastructure.dynamodb.models import MODELS
from infrastructure.dynamodb.models.events import EVENTS, EventModel, event_model
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.retry import RetryPolicy
from infrastructure.dynamodb.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.tables import Tables
from infrastructure.event_store import StoredEventStore
from infrastructure.ids import RandomIds
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.table_initializer import MemoryTableInitializer
from infrastructure.metering import Meter
from infrastructure.notifiers import LogNotifier
from infrastructure.passwords import Argon2Hasher
from infrastructure.repository import Provider
from infrastructure.settings import Settings
from infrastructure.sourced import SnapshotPolicy
from infrastructure.tokens import JwtSigner
from infrastructure.unit_of_work import EventOptions, StoredUnitOfWork

# The plain `Singleton` may make two objects when two threads ask first.
Shared = providers.ThreadSafeSingleton


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        access=timedelta(minutes=settings.access_token_minutes),
        refresh=timedelta(days=settings.refresh_token_days),
    )


def _notifier(settings: Settings) -> LogNotifier:
    return LogNotifier(reveal_tokens=not settings.is_production)


def _gateway(settings: Settings, meter: Meter) -> Gateway:
    retry = RetryPolicy(
        attempts=settings.retry_attempts,
        base=settings.retry_base_seconds,
        throttling_base=settings.throttling_base_seconds,
        cap=settings.retry_cap_seconds,
        deadline=settings.call_deadline_seconds,
    )
    # Local engines report read units that are too low, so these are reckoned by the rules.
    trusted = not settings.uses_local_engine
    return Gateway(make_client(settings), meter, retry, trust_read_units=trusted)


def _tables(settings: Settings) -> Tables:
    overrides = {
        "users": settings.users_table,
        "events": settings.events_table,
        "snapshots": settings.snapshots_table,
        "checkpoints": settings.checkpoints_table,
    }
    return Tables(settings.table_prefix, overrides)


def _event_model(settings: Settings) -> type[EventModel]:
    return event_model(
        partition_key=settings.events_partition_key,
        sort_key=settings.events_sort_key,
        streams_enabled=settings.events_streams_enabled,
    )


def _dynamodb(
    settings: Settings, gateway: Gateway, tables: Tables, events: type[EventModel]
) -> DynamoDBProvider:
    return DynamoDBProvider(gateway, tables, settings.listing_shards, events)


def _table_initializer(
    settings: Settings, gateway: Gateway, tables: Tables, events: type[EventModel]
) -> DynamoDBTableInitializer:
    models = {**MODELS, EVENTS: events}
    schemas = [TableSchema(model, tables.physical(name)) for name, model in models.items()]
    capacity = Capacity(settings.billing_mode, settings.read_capacity, settings.write_capacity)
    return DynamoDBTableInitializer(gateway, schemas, capacity)


def _event_options(settings: Settings) -> EventOptions:
    return EventOptions(
        most_events=settings.events_max_batch_size,
        snapshots=SnapshotPolicy(every=settings.snapshot_every),
    )


def _event_store(
    settings: Settings,
    store: Provider[Any],
    options: EventOptions,
    unit_of_work: Callable[[], StoredUnitOfWork[Any]],
) -> StoredEventStore[Any]:
    return StoredEventStore(
        table=store.events(),
        registry=options.registry,
        unit_of_work=unit_of_work,
        transactional=settings.events_transactional_write,
    )


class Container(containers.DeclarativeContainer):
    """Every adapter once, and every use case put together from them.

    Calling a provider gives the object: `container.register_user()(command)`. A unit of work and a
    use case are made anew by each call, everything else is shared and thread-safe.
    """

    settings = providers.Dependency(instance_of=Settings)

    clock = Shared(SystemClock)
    ids = Shared(RandomIds)
    meter = Shared(Meter)
    password_hasher = Shared(Argon2Hasher)
    notifier = Shared(_notifier, settings)
    token_signer = Shared(JwtSigner, key=settings.provided.signing_key, clock=clock)
    user_tokens = providers.Factory(
        UserTokens, signer=token_signer, lifetimes=providers.Callable(_lifetimes, settings)
    )

    gateway = Shared(_gateway, settings, meter)
    tables = Shared(_tables, settings)
    event_model = Shared(_event_model, settings)
    event_options = Shared(_event_options, settings)

    # What differs between the providers is selected here, and nowhere else.
    selected = providers.Callable(attrgetter("provider"), settings)
    store = providers.Selector(
        selected,
        memory=Shared(MemoryProvider),
        dynamodb=Shared(_dynamodb, settings, gateway, tables, event_model),
    )
    table_initializer = providers.Selector(
        selected,
        memory=Shared(MemoryTableInitializer),
        dynamodb=Shared(_table_initializer, settings, gateway, tables, event_model),
    )
    unit_of_work = providers.Factory(
        StoredUnitOfWork, provider=store, ids=ids, signer=token_signer, options=event_options
    )
    event_store = Shared(_event_store, settings, store, event_options, unit_of_work.provider)

    register_user = providers.Factory(
        RegisterUserHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        ids=ids,
        hasher=password_hasher,
        tokens=user_tokens,
        notifier=notifier,
    )
    get_user = providers.Factory(GetUser, unit_of_work=unit_of_work.provider)
    list_users = providers.Factory(ListUsers, unit_of_work=unit_of_work.provider)
    update_user = providers.Factory(
        UpdateUserHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        tokens=user_tokens,
        notifier=notifier,
    )
    remove_user = providers.Factory(
        RemoveUserHandler, unit_of_work=unit_of_work.provider, clock=clock
    )
    change_password = providers.Factory(
        ChangePasswordHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        hasher=password_hasher,
    )
    request_email_verification = providers.Factory(
        RequestEmailVerification,
        unit_of_work=unit_of_work.provider,
        tokens=user_tokens,
        notifier=notifier,
    )
    verify_email = providers.Factory(
        VerifyEmail, unit_of_work=unit_of_work.provider, clock=clock, tokens=user_tokens
    )
    request_password_reset = providers.Factory(
        RequestPasswordReset,
        unit_of_work=unit_of_work.provider,
        ids=ids,
        tokens=user_tokens,
        notifier=notifier,
    )
    complete_password_reset = providers.Factory(
        CompletePasswordResetHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        hasher=password_hasher,
        tokens=user_tokens,
    )
    ban_user = providers.Factory(BanUserHandler, unit_of_work=unit_of_work.provider, clock=clock)
    sign_in = providers.Factory(
        SignInHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        ids=ids,
        hasher=password_hasher,
        tokens=user_tokens,
    )
    refresh_session = providers.Factory(
        RefreshSessionHandler,
        unit_of_work=unit_of_work.provider,
        clock=clock,
        ids=ids,
        tokens=user_tokens,
    )
    sign_out = providers.Factory(SignOut, unit_of_work=unit_of_work.provider, clock=clock)

    place_order = providers.Factory(
        PlaceOrderHandler, unit_of_work=unit_of_work.provider, clock=clock, ids=ids
    )
    add_line = providers.Factory(AddLineHandler, unit_of_work=unit_of_work.provider, clock=clock)
    remove_line = providers.Factory(
        RemoveLineHandler, unit_of_work=unit_of_work.provider, clock=clock
    )
    pay_order = providers.Factory(PayOrderHandler, unit_of_work=unit_of_work.provider, clock=clock)
    cancel_order = providers.Factory(
        CancelOrderHandler, unit_of_work=unit_of_work.provider, clock=clock
    )
    get_order = providers.Factory(GetOrder, unit_of_work=unit_of_work.provider)
    get_order_history = providers.Factory(GetOrderHistory, event_store=event_store)


def build_container(settings: Settings) -> Container:
    """The container of a process or a test. Nothing is connected until it is asked for."""
    return Container(settings=settings)
