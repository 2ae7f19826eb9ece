"""What the container offers, and so what the matrix has to have."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from dependency_injector import providers

from api.container import Container
from application.ports.dcb_store import DcbStore
from application.ports.event_store import EventStore
from application.ports.failure_limiter import FailureLimiter
from application.ports.mail_limiter import MailLimiter
from application.ports.outbox import Outbox
from application.ports.projection_store import ProjectionHeartbeats, ProjectionStore
from application.ports.projections import Projections
from application.ports.relay_queue import RelayQueue
from application.ports.subscriptions import EventSubscriptions
from application.ports.table_initializer import TableInitializer
from application.ports.unit_of_work import UnitOfWork
from application.relay import Relay
from infrastructure.outbox.relays import BatchRelay, PollingRelay, StreamRelay

TESTS = Path(__file__).resolve().parents[2]
APPLICATION = TESTS.parent / "application"

OFFERED: Mapping[str, type] = {
    "unit_of_work": UnitOfWork,
    "event_store": EventStore,
    "dcb_store": DcbStore,
    "subscriptions": EventSubscriptions,
    "outbox": Outbox,
    "relay_queue": RelayQueue,
    "failure_limiter": FailureLimiter,
    "mail_limiter": MailLimiter,
    "projection_store": ProjectionStore,
    "projection_heartbeats": ProjectionHeartbeats,
    "projections": Projections,
    "relay": Relay,
    "polling_relay": PollingRelay,
    "stream_relay": StreamRelay,
    "batch_relay": BatchRelay,
    "table_initializer": TableInitializer,
}
"""What sends requests beside the use cases, by the names of the providers."""

SENDS_NOTHING = {"unit_of_work.rollback", "polling_relay.stop", "stream_relay.stop"}

COMMANDS = {"tables claim"}
"""What commands do themselves."""

PARTS = {
    *("settings", "contexts", "clock", "ids", "meter", "token_signer", "adapters", "store"),
    *("destinations", "memory_publisher", "publishers", "units_of_work"),
    *("password_hasher", "notifier", "email_parser", "user_tokens", "blob_store", "offload"),
    "price_list",
    *("projection_runner", "telemetry", "breaker_gauge", "doctor"),
}
"""What the others are put together from; what begins anew from what these stored, or only looks."""


def use_cases() -> dict[str, str]:
    """Every use case by the name of its provider, with its context."""
    return {
        name: provider.provides.__module__.split(".")[1]
        for name, provider in Container.providers.items()
        if isinstance(provider, providers.Factory)
        and inspect.isclass(provider.provides)
        and provider.provides.__module__.startswith("application.")
    }


def use_cases_of(context: str) -> set[str]:
    """The use cases of a context, by the names of their providers."""
    return {name for name, of in use_cases().items() if of == context}


def methods() -> Iterator[str]:
    """Every method of what is offered that sends requests: `outbox.add`."""
    for name, offered in OFFERED.items():
        for method, value in vars(offered).items():
            call = f"{name}.{method}"
            if inspect.isfunction(value) and method[0] != "_" and call not in SENDS_NOTHING:
                yield call


def functions() -> Iterator[str]:
    """Every function of the application that works in units of work, and belongs to no context."""
    for path in APPLICATION.glob("*.py"):
        module = import_module(f"application.{path.stem}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                is_public = not name.startswith("_")
                if is_public and "unit_of_work" in inspect.signature(value).parameters:
                    yield name
