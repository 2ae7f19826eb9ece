"""`dynastrata serve`: the HTTP API."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import evolve

from api.bootstrap import read_settings, start
from api.cli.contexts import CONTEXTS
from api.cli.failing import ExitCode
from api.cli.working import end
from infrastructure.system.logs import config_of_server
from infrastructure.system.work import WorkThread

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.container import Container
    from infrastructure.outbox.relays import PollingRelay
    from infrastructure.settings.settings import Settings

if sys.platform != "win32":
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

_BACKLOG = 64
"""Connections that are accepted at a time, before it is seen that they are too many."""

_OTHER_FILES = 64 + _BACKLOG
"""File descriptors for what is open beside connections: logs, blobs, connections to queues."""


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Also by DYNASTRATA_HTTP_HOST.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="Also by DYNASTRATA_HTTP_PORT.", show_default=False),
    ] = None,
    seed: Annotated[
        bool, typer.Option("--seed", help="First create what every context needs to be tried.")
    ] = False,
) -> None:
    """Serve the HTTP API until interrupted, and end the requests under way. Documented at /docs.

    With create_tables on, the missing tables are created first; with relay_while_serving on,
    messages are published too. In staging and production /docs is there with http_docs on alone.
    """
    settings = read_settings()
    settings = evolve(
        settings, http_host=host or settings.http_host, http_port=port or settings.http_port
    )
    container = start(settings)
    _warn_of_messages_that_stay(container)
    if settings.create_tables:
        container.table_initializer().create_missing()
    for context in CONTEXTS if seed else ():
        if context.seed is not None:
            context.seed(container)
    # Imported where it is used: the other commands start in half of the time without.
    from api.http.app import create_app  # noqa: PLC0415 see above

    with (
        _ending_by_itself(),
        _relaying(container) if settings.relay_while_serving else nullcontext() as relay,
    ):
        # What belongs to the command, such as its correlation id, is none of the requests'.
        Context().run(_listen, settings, create_app(container, relay=relay))


def _listen(settings: Settings, app: FastAPI) -> None:
    import uvicorn  # noqa: PLC0415 see `serve`

    from api.http.connections import BoundedConnection  # noqa: PLC0415 see `serve`

    connection: Any = partial(
        BoundedConnection,
        seconds=settings.http_request_seconds,
        most=most_connections(settings.http_connections, settings.max_pool_connections),
    )
    try:
        uvicorn.run(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=config_of_server(settings.log_level, as_json=settings.is_deployed),
            forwarded_allow_ips=settings.http_trusted_proxies,
            http=connection,
            backlog=_BACKLOG,
            timeout_keep_alive=settings.http_idle_seconds,
            timeout_graceful_shutdown=settings.http_stop_seconds,
        )
    except SystemExit as ended:
        # It ends so where it cannot start, say because the port is taken, and has said why.
        raise typer.Exit(ExitCode.FAILED) from ended


def most_connections(wanted: int, to_the_store: int) -> int:
    """How many connections there may be, so that file descriptors are left for all else."""
    if sys.platform == "win32":
        return wanted
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    left = allowed - to_the_store - _OTHER_FILES
    if allowed == RLIM_INFINITY or wanted <= left:
        return wanted
    most = max(1, left)
    _warn("fewer connections than wanted: raise the limit of open files", most=most)
    return most


def _warn_of_messages_that_stay(container: Container) -> None:
    """Once deployed, no relay takes these destinations: their messages would pile up."""
    found = container.destinations().by_name.items()
    local = [name for name, destination in found if destination.kind in ("log", "memory")]
    if container.settings().is_deployed and local:
        _warn("no relay publishes to log: or memory: here", destinations=local)


def _warn(what: str, **values: object) -> None:
    import structlog  # noqa: PLC0415 it is rarely needed

    structlog.get_logger(__name__).warning(what, **values)


@contextmanager
def _ending_by_itself() -> Iterator[None]:
    """Within the block SIGTERM interrupts, as Ctrl-C does.

    Having shut down, the server raises the signal again that it got. Left to its default, SIGTERM
    would end the process there: with messages published and not marked, with mail not sent.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _relaying(container: Container) -> Iterator[PollingRelay]:
    """A relay that publishes messages within the block, in a thread beside it."""
    relay: PollingRelay = container.polling_relay()
    thread = WorkThread(type(relay).__name__, relay.run)
    thread.start()
    try:
        yield relay
    finally:
        end(thread, relay, container.settings().relay_stop_seconds)
