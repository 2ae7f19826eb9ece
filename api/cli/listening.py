"""How `serve` listens: in this process, or in several that share a socket."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from multiprocessing import parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any

from attrs import frozen

from api.bootstrap import start
from api.cli.working import until_stopped
from infrastructure.system.logs import config_of_server

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

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

_STOPS = (signal.SIGINT, signal.SIGTERM)


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
        _serve_in_several(config)
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


def app_of_worker() -> FastAPI:
    """What one of several processes serves. It reads the settings that the first one checked."""
    Thread(target=_stop_with_parent, daemon=True).start()
    return app_of(start())


def loop_of_worker() -> AbstractEventLoop:
    """The event loop of one of several processes. Whoever asks for it is about to serve.

    Having shut down, the server raises the signal again that it got. Left to its default, that
    would end the process there: with mail not sent, with spans not exported.
    """
    from uvicorn.loops.auto import auto_loop_factory  # noqa: PLC0415 as above

    for number in _STOPS:
        signal.signal(number, _leave)
    return auto_loop_factory(use_subprocess=True)()


def _leave(*_: object) -> None:
    """Ends the process without waiting for threads that hang."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    atexit._run_exitfuncs()  # noqa: SLF001 `os._exit` does not, and `sys.exit` would wait
    os._exit(0)


def _stop_with_parent() -> None:
    """Without it, the others would go on where the first process was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_in_several(config: uvicorn.Config) -> None:
    from uvicorn.config import STARTUP_FAILURE  # noqa: PLC0415 as above
    from uvicorn.supervisors.multiprocess import Multiprocess, Process  # noqa: PLC0415 as above

    listening = config.bind_socket()
    # asyncio does so only where a socket names its protocol. Without, an answer, which is written
    # in parts, waits for the client to confirm the first one: 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    several = Multiprocess(config, sockets=[listening])
    several.run()
    processes: Sequence[Process] = several.processes
    if any(process.exitcode == STARTUP_FAILURE for process in processes):
        raise SystemExit(STARTUP_FAILURE)


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
        f"{__name__}:{app_of_worker.__name__}" if in_several else app,
        factory=in_several,
        loop=f"{__name__}:{loop_of_worker.__name__}" if in_several else "auto",
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
