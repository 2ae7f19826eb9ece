"""The composition root: the only place that names both a port and its adapter."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter

from dependency_injector import containers, providers

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
from infrastructure.dynamodb.provider import DynamoDBProvider
from infrastructure.dynamodb.retry import RetryPolicy
from infrastructure.dynamodb.table_initializer import DynamoDBTableInitializer
from infrastructure.dynamodb.table_schema import Capacity, TableSchema
from infrastructure.dynamodb.tables import Tables
from infrastructure.ids import RandomIds
from infrastructure.memory.provider import MemoryProvider
from infrastructure.memory.table_initializer import MemoryTableInitializer
from infrastructure.metering import Meter
from infrastructure.notifiers import LogNotifier
from infrastructure.passwords import Argon2Hasher
from infrastructure.settings import Settings
from infrastructure.tokens import JwtSigner
from infrastructure.unit_of_work import StoredUnitOfWork

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
    return Tables(settings.table_prefix, {"users": settings.users_table})


def _dynamodb(settings: Settings, gateway: Gateway, tables: Tables) -> DynamoDBProvider:
    return DynamoDBProvider(gateway, tables, settings.listing_shards)


def _table_initializer(
    settings: Settings, gateway: Gateway, tables: Tables
) -> DynamoDBTableInitializer:
    schemas = [TableSchema(model, tables.physical(name)) for name, model in MODELS.items()]
    capacity = Capacity(settings.billing_mode, settings.read_capacity, settings.write_capacity)
    return DynamoDBTableInitializer(gateway, schemas, capacity)


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

    # What differs between the providers is selected here, and nowhere else.
    selected = providers.Callable(attrgetter("provider"), settings)
    store = providers.Selector(
        selected,
        memory=Shared(MemoryProvider),
        dynamodb=Shared(_dynamodb, settings, gateway, tables),
    )
    table_initializer = providers.Selector(
        selected,
        memory=Shared(MemoryTableInitializer),
        dynamodb=Shared(_table_initializer, settings, gateway, tables),
    )
    unit_of_work = providers.Factory(StoredUnitOfWork, provider=store, ids=ids, signer=token_signer)

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


def build_container(settings: Settings) -> Container:
    """The container of a process or a test. Nothing is connected until it is asked for."""
    return Container(settings=settings)
