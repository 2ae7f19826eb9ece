"""Several processes that serve, and share a socket."""

from __future__ import annotations

import atexit
import os
import signal
import socket
from multiprocessing import parent_process
from threading import Thread
from typing import TYPE_CHECKING

from typing_extensions import override
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.loops.auto import auto_loop_factory
from uvicorn.supervisors.multiprocess import Multiprocess

from api.bootstrap import start
from api.cli.listening import app_of

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from fastapi import FastAPI

_STOPS = (signal.SIGINT, signal.SIGTERM)


def serve_in_several(config: Config) -> None:
    """Serves in as many processes as the settings ask for, until a signal stops this one.

    Raises `SystemExit` where they cannot start.
    """
    listening = config.bind_socket()
    # asyncio does so only where a socket names its protocol. Without, an answer, which is written
    # in parts, waits for the client to confirm the first one: 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    several = Workers(config, sockets=[listening])
    several.run()
    if any(process.exitcode == STARTUP_FAILURE for process in several.processes):
        raise SystemExit(STARTUP_FAILURE)


class Workers(Multiprocess):
    """Processes that are asked whether they live, and replaced where they do not answer."""

    @override
    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            # Only the worker shall hold it, so that its death ends the wait for its answer.
            process.child_conn.close()
        super().keep_subprocess_alive()


def app_of_worker() -> FastAPI:
    """What one of several processes serves. It reads the settings that the first one checked."""
    Thread(target=_stop_with_parent, daemon=True).start()
    return app_of(start())


def loop_of_worker() -> AbstractEventLoop:
    """The event loop of one of several processes. Whoever asks for it is about to serve.

    Having shut down, the server raises the signal again that it got. Left to its default, that
    would end the process there: with mail not sent, with spans not exported.
    """
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
