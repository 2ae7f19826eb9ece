"""`dynastrata projections`: which there are, running them, building one anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from api.bootstrap import start
from api.cli.output import AsJson, say, say_json, say_table, tell
from api.cli.working import HealthFile, until_stopped
from application.collect_blobs import collect_blobs

if TYPE_CHECKING:
    from api.container import Container
    from application.ports.projection_store import ProjectionState, RunningInstance
    from application.projector import AnyProjector
    from domain.tagged_events import Position
    from infrastructure.projections.runner import ProjectionProgress
    from infrastructure.projections.several import ProjectionRunner

app = typer.Typer(help="What is folded from tagged events.")

_COLUMNS = ("projector", "version", "state", "events", "bytes", "updated", "instances")
_MOST_HOURS = 10 * 365 * 24
_LINES_APART = 10_000
"""Events between two lines, where there is no terminal."""

Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="All of them, if none is named.")
]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Show every projector that is declared and every state that is stored.

    A state whose projector is not declared any more can stay; nobody reads it.
    """
    container = start()
    found = _found(container)
    if as_json:
        say_json(found)
    elif found:
        rows = [[_shown(each[column]) for column in _COLUMNS] for each in found]
        say_table("Projections", _COLUMNS, rows, numbers=("events", "bytes", "instances"))
    else:
        say("No projector is declared.")


@app.command()
def run(
    names: Names = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when all that is out of the safe window is folded.")
    ] = False,
    health_file: HealthFile = None,
) -> None:
    """Fold events as they come until interrupted, each projector where it stopped.

    Any number of instances may run: one at a time has a projector, the others stand by.
    """
    container = start()
    with _showing() as show:
        runner = _runner(container, _declared(container, names or []), show)
        work = runner.catch_up if once else runner.run
        seconds = container.settings().projections_stop_seconds
        until_stopped(runner, work, seconds, health_file)


@app.command()
def rebuild(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The projector's name.")],
) -> None:
    """Invalidate the state of a projector and fold every event again.

    It can be interrupted: whoever runs the projector next goes on. Where another instance runs it,
    that one notices within half a minute and rebuilds; this command waits for it.
    """
    container = start()
    with _showing() as show:
        runner = _runner(container, _declared(container, [name]), show)
        work = runner.rebuild
        until_stopped(runner, work, container.settings().projections_stop_seconds)


@app.command()
def collect(
    *,
    older_than_hours: Annotated[
        float,
        typer.Option(
            min=1, max=_MOST_HOURS, help="How long a blob that nothing refers to is spared."
        ),
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Remove the blobs of states that nothing refers to any more.

    A state is put before it is referred to: the time it is spared must be longer than that takes.
    """
    container = start()
    collected = collect_blobs(
        container.blob_store(),
        container.projection_store().referenced_blobs(),
        older_than=container.clock().now() - timedelta(hours=older_than_hours),
    )
    if as_json:
        say_json({"blobs": collected.count, "bytes": collected.bytes})
    else:
        say(f"{collected.count} blobs removed: {collected.bytes} bytes")


def _declared(container: Container, names: list[str]) -> list[AnyProjector]:
    """The projectors of these names, or all."""
    projectors: tuple[AnyProjector, ...] = container.contexts().projectors
    known = {projector.name for projector in projectors}
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name}: the projectors are {', '.join(sorted(known))}")
    return [projector for projector in projectors if not names or projector.name in names]


def _runner(
    container: Container,
    projectors: list[AnyProjector],
    show: Callable[[ProjectionProgress], None],
) -> ProjectionRunner:
    if not projectors:
        tell("No projector is declared.")
    runner: ProjectionRunner = container.projection_runner(projectors=projectors, on_progress=show)
    return runner


def _found(container: Container) -> list[dict[str, object]]:
    projectors: tuple[AnyProjector, ...] = container.contexts().projectors
    stored: dict[tuple[str, str], ProjectionState | None] = {
        (state.projector, state.version): state for state in container.projection_store().list()
    }
    declared = [(projector.name, projector.version) for projector in projectors]
    running: list[RunningInstance] = list(container.projection_heartbeats().instances())
    return [
        _view(key, stored.get(key), running, is_declared=key in declared)
        for key in sorted({*declared, *stored})
    ]


def _view(
    key: tuple[str, str],
    state: ProjectionState | None,
    running: list[RunningInstance],
    *,
    is_declared: bool,
) -> dict[str, object]:
    instances = [each.name for each in running if (each.projector, each.version) == key]
    view: dict[str, object] = {
        "projector": key[0],
        "version": key[1],
        "is_declared": is_declared,
        "instances": instances,
    }
    if state is None:
        return {**view, "state": "absent", "events": None, "bytes": None, "updated": None}
    is_building = state.is_live and state.safe_window_threshold is None
    return {
        **view,
        "state": "building" if is_building else state.lifecycle.value,
        "events": state.events_processed,
        "bytes": state.original_size,
        "updated": state.updated.isoformat(timespec="seconds"),
        "generation": state.generation,
        "revision": state.revision,
        "position": None if state.last_position is None else str(state.last_position),
        "offload_key": state.offload_key,
    }


def _shown(value: object) -> object:
    return len(value) if isinstance(value, list) else "" if value is None else value


@contextmanager
def _showing() -> Iterator[Callable[[ProjectionProgress], None]]:
    """Shows how far projectors are: bars on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]} events"),
    )
    with Progress(*columns, console=Console(stderr=True, markup=False)) as progress:
        yield _Bars(progress).show


class _Bars:
    """A bar for each projector: the time that its events span, as far as they are folded."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()
        self._first: dict[str, int] = {}
        self._bars: dict[str, TaskID] = {}

    def show(self, told: ProjectionProgress) -> None:
        with self._lock:
            name = str(told.projector)
            bar = self._bars.get(name)
            if bar is None:
                bar = self._bars[name] = self._progress.add_task(name, events=0)
            first = self._first.setdefault(name, _microsecond(told.position, told.horizon))
            total = max(told.horizon.microsecond - first, 1)
            done = _microsecond(told.position, told.horizon) - first
            completed = total if told.has_caught_up else max(done, 0)
            self._progress.update(bar, total=total, completed=completed, events=told.events)


class _Lines:
    """A line when a projector has caught up, and on the way so often."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: dict[str, ProjectionProgress] = {}

    def show(self, told: ProjectionProgress) -> None:
        with self._lock:
            last = self._told.get(str(told.projector))
            caught_up = told.has_caught_up and not (last and last.has_caught_up)
            if not caught_up and last and abs(told.events - last.events) < _LINES_APART:
                return
            self._told[str(told.projector)] = told
            state = "has caught up" if told.has_caught_up else "catches up"
            until = "" if told.position is None else f", to {_time(told.position)}"
            tell(f"{told.projector} {state}: {told.events} events{until}")


def _microsecond(position: Position | None, otherwise: Position) -> int:
    return (position or otherwise).microsecond


def _time(position: Position) -> str:
    return datetime.fromtimestamp(position.microsecond / 1e6).astimezone().isoformat("T", "seconds")
