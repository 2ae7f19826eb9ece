"""The composition root: the only place, with `api.composition`, that names a port and its adapter.

A use case is one line: it asks for what it needs by the names of its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from inspect import signature
from operator import attrgetter
from typing import Any, TypeVar

from api.composition.adapters import make_adapters
from api.composition.blobs import make_blob_store, make_offload
from api.composition.doctor import make_doctor
from api.composition.injection import containers, providers
from api.composition.limiters import make_failure_limiter, make_mail_limiter
from api.composition.mail import make_notifier
from api.composition.messaging import make_destinations, make_publishers
from api.composition.outbox import (
    make_outbox,
    make_polling_relay,
    make_relay,
    make_relay_queue,
    make_stream_relay,
)
from api.composition.projections import make_projection_runner
from api.composition.stores import (
    make_commit_options,
    make_dcb_store,
    make_event_store,
    make_projection_store,
    make_subscriptions,
)
from api.composition.telemetry import make_telemetry
from application.courses.define_course import DefineCourse
from application.courses.enrol_student import EnrolStudent
from application.courses.get_course import GetCourse
from application.courses.get_timetable import GetTimetable
from application.courses.withdraw_student import WithdrawStudent
from application.orders.change_lines import AddLine, RemoveLine
from application.orders.close_order import CancelOrder, PayOrder
from application.orders.get_order import GetOrder, GetOrderHistory
from application.orders.place_order import PlaceOrder
from application.users.ban_user import BanUser, UnbanUser
from application.users.change_email import RequestEmailChange, UndoEmailChange
from application.users.change_password import ChangePassword
from application.users.check_session import CheckSession
from application.users.get_user import GetUser
from application.users.list_users import ListUsers
from application.users.refresh_session import RefreshSession
from application.users.register_user import RegisterUser
from application.users.remove_user import RemoveUser
from application.users.reset_password import CompletePasswordReset, RequestPasswordReset
from application.users.sign_in import SignIn
from application.users.sign_out import SignOut
from application.users.tokens import Lifetimes, UserTokens
from application.users.update_user import UpdateUser
from application.users.verify_email import RequestEmailVerification, VerifyEmail
from domain.orders.price_list import ACADEMY
from infrastructure.contexts.registered import REGISTERED
from infrastructure.messaging.local import MemoryPublisher
from infrastructure.metering import Meter
from infrastructure.projections.heartbeats import TableProjectionHeartbeats
from infrastructure.projections.reading import StoredProjections
from infrastructure.settings.safety import refuse_samples
from infrastructure.settings.settings import Settings
from infrastructure.system.clock import SystemClock
from infrastructure.system.emails import Uts46EmailParser
from infrastructure.system.ids import RandomIds
from infrastructure.system.passwords import Argon2Hasher
from infrastructure.system.tokens import JwtSigner
from infrastructure.telemetry.gauges import BreakerGauge
from infrastructure.unit_of_work import TableUnitOfWork, UnitsOfWork

T = TypeVar("T")

# The plain `Singleton` may make two objects when two threads ask first.
Shared = providers.ThreadSafeSingleton


def bound(use_case: type[T], scope: Mapping[str, Any]) -> providers.Factory[T]:
    """A use case whose fields are given what the container has under their names."""
    names = signature(use_case).parameters
    needs = {name: scope[name] for name in names}
    # A use case takes a unit of work for each decision, so it gets what makes them.
    needs |= {"unit_of_work": needs["unit_of_work"].provider} if "unit_of_work" in needs else {}
    return providers.Factory(use_case, **needs)


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        access=timedelta(minutes=settings.access_token_minutes),
        refresh=timedelta(days=settings.refresh_token_days),
    )


def _password_hasher(settings: Settings) -> Argon2Hasher:
    return Argon2Hasher(slots=settings.hashing_slots, wait_seconds=settings.hashing_wait_seconds)


class Container(containers.DeclarativeContainer):
    """Every adapter once, and every use case put together from them.

    Calling a provider gives the object: `container.get_user()(user_id)`. A unit of work and a use
    case are made anew by each call, everything else is shared and thread-safe.
    """

    settings = providers.Dependency(instance_of=Settings)
    contexts = providers.Object(REGISTERED)

    clock = Shared(SystemClock)
    ids = Shared(RandomIds)
    meter = Shared(Meter)
    telemetry = Shared(make_telemetry, settings)
    password_hasher = Shared(_password_hasher, settings)
    notifier = Shared(make_notifier, settings, clock, ids)
    email_parser = Shared(Uts46EmailParser)
    token_signer = Shared(JwtSigner, key=settings.provided.signing_key, clock=clock)

    # What differs between the providers is selected here, and nowhere else.
    adapters = Shared(make_adapters, settings, contexts, meter, clock, telemetry)
    store = providers.Callable(attrgetter("store"), adapters)
    failure_limiter = Shared(make_failure_limiter, settings, adapters, clock)
    mail_limiter = Shared(make_mail_limiter, settings, adapters, clock)
    table_initializer = providers.Callable(attrgetter("table_initializer"), adapters)

    blob_store = Shared(make_blob_store, settings, clock)
    offload = Shared(make_offload, settings, blob_store)

    destinations = Shared(make_destinations, settings, contexts)
    doctor = providers.Callable(make_doctor, settings, adapters, destinations, clock)
    memory_publisher = Shared(MemoryPublisher)
    breaker_gauge = Shared(BreakerGauge, telemetry)
    publishers = Shared(
        make_publishers,
        settings,
        destinations,
        memory_publisher,
        on_breaker=breaker_gauge.provided.observe,
    )

    units_of_work = Shared(
        UnitsOfWork,
        provider=store,
        ids=ids,
        clock=clock,
        signer=token_signer,
        options=providers.Callable(
            make_commit_options, settings, contexts, destinations, offload.provider
        ),
    )
    unit_of_work = providers.Factory(TableUnitOfWork, units_of_work)
    projection_store = Shared(
        make_projection_store, settings, adapters, offload.provider, clock=clock, ids=ids
    )
    projection_heartbeats = Shared(
        TableProjectionHeartbeats,
        table=providers.Callable(attrgetter("heartbeats"), adapters),
        clock=clock,
    )
    dcb_store = Shared(make_dcb_store, settings, adapters, units_of_work, clock)
    projections = Shared(StoredProjections, projection_store)
    projection_runner = providers.Factory(
        make_projection_runner,
        settings,
        adapters,
        dcb_store,
        projectors=contexts.provided.projectors,
        store=projection_store,
        heartbeats=projection_heartbeats,
        clock=clock,
        ids=ids,
        telemetry=telemetry,
    )
    event_store = Shared(make_event_store, settings, store, units_of_work)
    subscriptions = Shared(
        make_subscriptions, settings, adapters, units_of_work.provided.registry, clock, ids
    )

    outbox = Shared(make_outbox, settings, store, destinations, clock=clock, ids=ids, meter=meter)
    relay_queue = Shared(make_relay_queue, settings, store, ids, clock, telemetry)
    relay = providers.Factory(
        make_relay, settings, relay_queue, publishers, clock=clock, ids=ids, telemetry=telemetry
    )
    polling_relay = providers.Factory(make_polling_relay, settings, relay, relay_queue)
    stream_relay = providers.Factory(
        make_stream_relay, settings, relay, relay_queue, adapters, clock=clock, ids=ids
    )
    batch_relay = providers.Factory(
        lambda adapters, relay, outbox: adapters.batch_relay(relay, outbox), adapters, relay, outbox
    )

    user_tokens = Shared(
        UserTokens, signer=token_signer, lifetimes=providers.Callable(_lifetimes, settings)
    )
    register_user = bound(RegisterUser, locals())
    get_user = bound(GetUser, locals())
    list_users = bound(ListUsers, locals())
    update_user = bound(UpdateUser, locals())
    remove_user = bound(RemoveUser, locals())
    request_email_change = bound(RequestEmailChange, locals())
    undo_email_change = bound(UndoEmailChange, locals())
    change_password = bound(ChangePassword, locals())
    request_email_verification = bound(RequestEmailVerification, locals())
    verify_email = bound(VerifyEmail, locals())
    request_password_reset = bound(RequestPasswordReset, locals())
    complete_password_reset = bound(CompletePasswordReset, locals())
    ban_user = bound(BanUser, locals())
    unban_user = bound(UnbanUser, locals())
    sign_in = bound(SignIn, locals())
    refresh_session = bound(RefreshSession, locals())
    check_session = bound(CheckSession, locals())
    sign_out = bound(SignOut, locals())

    price_list = providers.Object(ACADEMY)
    place_order = bound(PlaceOrder, locals())
    add_line = bound(AddLine, locals())
    remove_line = bound(RemoveLine, locals())
    pay_order = bound(PayOrder, locals())
    cancel_order = bound(CancelOrder, locals())
    get_order = bound(GetOrder, locals())
    get_order_history = bound(GetOrderHistory, locals())

    define_course = bound(DefineCourse, locals())
    enrol_student = bound(EnrolStudent, locals())
    withdraw_student = bound(WithdrawStudent, locals())
    get_course = bound(GetCourse, locals())
    get_timetable = bound(GetTimetable, locals())


def build_container(settings: Settings) -> Container:
    """The container of a process or a test. Nothing is connected until it is asked for.

    Raises `SettingsError` where a sample would make anybody an administrator.
    """
    refuse_samples(settings)
    return Container(settings=settings)
