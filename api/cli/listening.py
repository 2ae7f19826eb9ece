"""How `serve` listens: in this process, or in the workers of `api.cli.workers`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from api.cli.working import until_stopped
from infrastructure.system.logs import config_of_server

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from api.container import Container
    from infrastructure.settings.settings import Settings

if sys.platform != "win32":
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

_BACKLOG = 64
"""Connections that are accepted at a time, before it is seen that they are too many."""

_OTHER_FILES = 64 + _BACKLOG
"""File descriptors for what is open beside connections: logs, blobs, connections to queues."""

_SECONDS_TO_CLOSE = 2.0
"""For what the server does beside waiting for requests and its relay when it stops."""

_SECONDS_TO_ANSWER = 30
"""A process that does not even say that it lives is replaced. Its start may take long."""


def app_of(container: Container) -> FastAPI:
    """What `serve` serves, with the relay that the settings ask for."""
    # Imported where it is used: the other commands start in half of the time without.
    from api.http.app import create_app  # noqa: PLC0415 see above

    settings: Settings = container.settings()
    relay = container.polling_relay() if settings.relay_while_serving else None
    return create_app(container, relay=relay)


def listen(settings: Settings, app: FastAPI) -> None:
    """Serves until a signal stops it. Raises `SystemExit` where it cannot start."""
    import uvicorn  # noqa: PLC0415 as above

    config = _config(settings, app)
    if settings.http_workers > 1:
        from api.cli.workers import serve_in_several  # noqa: PLC0415 as above

        serve_in_several(config)
        return
    # In a thread, as other workers are. Those that it starts for requests are like itself: they
    # never keep the process from ending.
    server = HttpServer(uvicorn.Server(config))
    seconds = settings.http_stop_seconds + settings.relay_stop_seconds + _SECONDS_TO_CLOSE
    until_stopped(server, server.server.run, seconds)


@frozen
class HttpServer:
    """The server as a worker that can be stopped."""

    server: uvicorn.Server

    @property
    def is_late(self) -> bool:
        """Never: `/health` tells."""
        return False

    def stop(self) -> None:
        """Takes no more requests, and ends those under way. For any thread."""
        self.server.should_exit = True


def _config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    import uvicorn  # noqa: PLC0415 as above

    from api.http.connections import BoundedConnection  # noqa: PLC0415 as above

    connection: Any = partial(
        BoundedConnection,
        seconds=settings.http_request_seconds,
        most=most_connections(settings.http_connections, settings.max_pool_connections),
    )
    in_several = settings.http_workers > 1
    return uvicorn.Config(
        "api.cli.workers:app_of_worker" if in_several else app,
        factory=in_several,
        loop="api.cli.workers:loop_of_worker" if in_several else "auto",
        workers=settings.http_workers,
        timeout_worker_healthcheck=_SECONDS_TO_ANSWER,
        host=settings.http_host,
        port=settings.http_port,
        log_config=config_of_server(settings.log_level, as_json=settings.is_deployed),
        forwarded_allow_ips=settings.http_trusted_proxies,
        http=connection,
        lifespan="on",
        backlog=_BACKLOG,
        timeout_keep_alive=settings.http_idle_seconds,
        timeout_graceful_shutdown=settings.http_stop_seconds,
    )


def most_connections(wanted: int, to_the_store: int) -> int:
    """How many connections there may be, so that file descriptors are left for all else."""
    if sys.platform == "win32":
        return wanted
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    left = allowed - to_the_store - _OTHER_FILES
    if allowed == RLIM_INFINITY or wanted <= left:
        return wanted
    import structlog  # noqa: PLC0415 it is rarely needed

    most = max(1, left)
    logger = structlog.get_logger(__name__)
    logger.warning("fewer connections than wanted: raise the limit of open files", most=most)
    return most
