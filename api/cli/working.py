"""How a worker is stopped by a signal, and how it shows that it works."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from infrastructure.system.work import Worker, WorkThread, end

_SECONDS_TO_A_SIGNAL = 1.0
"""A signal may wake another thread than the one that handles it; that one looks up so often."""

HealthFile = Annotated[
    Path | None,
    typer.Option(
        "--health-file",
        metavar="PATH",
        help="Touch this file every second, unless no round has succeeded for two minutes.",
    ),
]


def until_stopped(
    worker: Worker,
    work: Callable[[], object],
    seconds: float,
    health_file: Path | None = None,
) -> None:
    """Lets it work; Ctrl-C and SIGTERM give it some seconds to end what it has begun.

    A second signal ends it at once. It works in another thread than the one that handles signals:
    there, `stop` could wait for the lock of an event that the interrupted worker holds; and the
    health file tells that it is late also while it hangs. Raises what the work raises.
    """
    if health_file is not None:
        _make(health_file)
    context = copy_context()  # with the command's correlation id
    thread = WorkThread(type(worker).__name__, lambda: context.run(work))
    asked = Event()

    def stop(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        worker.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        thread.start()
        while thread.is_alive() and not asked.is_set():
            if health_file is not None and not worker.is_late:
                with suppress(OSError):  # its age tells
                    health_file.touch()
            thread.join(_SECONDS_TO_A_SIGNAL)
        end(thread, worker, seconds)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if thread.error is not None:
        raise thread.error


def _make(health_file: Path) -> None:
    """Raises `typer.BadParameter` where nobody could learn that the worker works."""
    try:
        health_file.touch()
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--health-file") from error
