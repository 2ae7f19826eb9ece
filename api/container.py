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
from infrastructure.dynamodb import building as dynamodb
from infrastructure.event_store import StoredEventStore
from infrastructure.ids import RandomIds
from infrastructure.memory import building as memory
from infrastructure.memory.checkpoint_table import MemoryCheckpointTable
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.table_initializer import MemoryTableInitializer
from infrastructure.message_types import MESSAGE_TYPES
from infrastructure.messaging.building import make_destinations, make_publishers
from infrastructure.messaging.destinations import Destinations
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.metering import Meter
from infrastructure.notifiers import LogNotifier
from infrastructure.outbox_building import (
    make_outbox,
    make_polling_relay,
    make_relay,
    make_relay_queue,
    make_stream_relay,
)
from infrastructure.passwords import Argon2Hasher
from infrastructure.repository import Provider
from infrastructure.settings import Settings, SettingsError
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


def _event_options(settings: Settings, destinations: Destinations) -> EventOptions:
    for name in MESSAGE_TYPES.destinations - destinations.by_name.keys():
        raise SettingsError(
            f"{name}_destination", f"no such setting, and messages leave for {name}"
        )
    return EventOptions(
        messages=MESSAGE_TYPES,
        most_events=settings.events_max_batch_size,
        snapshots=SnapshotPolicy(every=settings.snapshot_every),
        check_message=destinations.check,
        keep_receipts=timedelta(days=settings.inbox_keep_days),
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

    gateway = Shared(dynamodb.make_gateway, settings, meter)
    tables = Shared(dynamodb.make_tables, settings)
    event_model = Shared(dynamodb.make_event_model, settings)
    destinations = Shared(make_destinations, settings)
    memory_publisher = Shared(MemoryPublisher)
    publishers = Shared(make_publishers, settings, memory_publisher)
    event_options = Shared(_event_options, settings, destinations)

    # What differs between the providers is selected here, and nowhere else.
    selected = providers.Callable(attrgetter("provider"), settings)
    store = providers.Selector(
        selected,
        memory=Shared(MemoryProvider),
        dynamodb=Shared(dynamodb.make_provider, settings, gateway, tables, event_model),
    )
    table_initializer = providers.Selector(
        selected,
        memory=Shared(MemoryTableInitializer),
        dynamodb=Shared(dynamodb.make_table_initializer, settings, gateway, tables, event_model),
    )
    unit_of_work = providers.Factory(
        StoredUnitOfWork, provider=store, ids=ids, signer=token_signer, options=event_options
    )
    event_store = Shared(_event_store, settings, store, event_options, unit_of_work.provider)
    checkpoints = providers.Selector(
        selected,
        memory=Shared(MemoryCheckpointTable),
        dynamodb=Shared(dynamodb.make_checkpoints, store),
    )
    subscriptions = providers.Selector(
        selected,
        memory=Shared(
            memory.make_subscriptions,
            settings,
            store,
            event_options,
            checkpoints=checkpoints,
            clock=clock,
            ids=ids,
        ),
        dynamodb=Shared(
            dynamodb.make_subscriptions,
            settings,
            store,
            event_options,
            checkpoints=checkpoints,
            clock=clock,
            ids=ids,
        ),
    )
    outbox = Shared(make_outbox, settings, store, destinations, clock=clock, ids=ids, meter=meter)
    outbox_changes = providers.Selector(
        selected,
        memory=Shared(memory.make_outbox_changes, store),
        dynamodb=Shared(dynamodb.make_outbox_changes, settings, store, clock),
    )
    relay_queue = Shared(make_relay_queue, settings, store, ids)
    relay = providers.Factory(make_relay, settings, relay_queue, publishers, clock, ids)
    polling_relay = providers.Factory(make_polling_relay, settings, relay, relay_queue)
    stream_relay = providers.Factory(
        make_stream_relay,
        settings,
        relay,
        relay_queue,
        outbox_changes,
        checkpoints=checkpoints,
        clock=clock,
        ids=ids,
    )
    batch_relay = providers.Factory(dynamodb.make_batch_relay, relay, outbox)

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
