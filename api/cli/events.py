"""`dynastrata events`: what happened, stream by stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from attrs import asdict

from api.bootstrap import start
from api.cli.output import AsJson, json_line, say, say_table
from application.ports.event_store import EventStore, RawEvent, StoredEvent
from application.ports.subscriptions import EventSubscriptions, Start, Subscription
from domain.consistency import MAX_VERSION, StreamId

if TYPE_CHECKING:
    from domain.events import DomainEvent

app = typer.Typer(help="The events that are stored.")

Raw = Annotated[
    bool, typer.Option("--raw", help="As stored: not upcast, and types that are unknown too.")
]

_MOST = 10**9  # events

_COLUMNS = ("version", "type", "timestamp", "actor", "data")


@app.command()
def read(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The aggregate's type: Order.")],
    id_: Annotated[str, typer.Argument(metavar="ID", help="The aggregate's id.")],
    *,
    first: Annotated[
        int, typer.Option("--from", min=1, max=MAX_VERSION, help="The first version.")
    ] = 1,
    last: Annotated[
        int | None,
        typer.Option(
            "--to", min=1, max=MAX_VERSION, help="The last version, included.", show_default=False
        ),
    ] = None,
    backwards: Annotated[bool, typer.Option("--backwards", help="Newest first.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, max=_MOST, help="At most so many.", show_default=False)
    ] = None,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show the events of one stream. With --json one line each.

    A type of event that the code does not know ends the command, unless --raw is given.
    """
    store: EventStore = start().event_store()
    stream = StreamId(type_, id_)
    found = store.read(stream, first=first, last=last, backwards=backwards, limit=limit, raw=raw)
    if as_json:
        for stored in found.events:
            say(json_line(view(stored)))
    elif found.events:
        cost = f"pages: {found.pages}, read units: {found.read_units:g}"
        rows = [_row(stored) for stored in found.events]
        say_table(f"Events of {stream}", _COLUMNS, rows, numbers=("version",), caption=cost)
    else:
        say(f"{stream} has no such events.")


@app.command()
def tail(
    *,
    start_at: Annotated[
        Start, typer.Option("--from", help="Where to begin; checkpoint needs --name.")
    ] = Start.NOW,
    name: Annotated[
        str | None,
        typer.Option(
            help="The subscription that keeps the checkpoint; now and beginning forget it. "
            "Without: one of its own.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=_MOST, help="End after so many.", show_default=False)
    ] = None,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show the events of all streams as they are committed, a line each, until interrupted."""
    if name is None and start_at is Start.CHECKPOINT:
        raise typer.BadParameter("checkpoint needs --name", param_hint="--from")
    container = start()
    subscriptions: EventSubscriptions = container.subscriptions()
    own_name = name or f"tail-{container.ids().new_id()}"
    with (
        suppress(KeyboardInterrupt),
        subscriptions.subscribe(own_name, start_at, raw=raw) as subscription,
    ):
        for stored in up_to(limit, subscription):
            say(json_line(view(stored)) if as_json else _line(stored))


def up_to(limit: int | None, subscription: Subscription) -> Iterator[StoredEvent]:
    """At most so many events; when the next one is asked for, the last one is dealt with too."""
    for number, stored in enumerate(subscription, 1):
        yield stored
        if number == limit:
            subscription.stop()
            next(subscription, None)
            return


def view(stored: StoredEvent) -> dict[str, object]:
    """All that is stored of an event, for JSON."""
    return {
        "stream": asdict(stored.stream),
        "version": stored.version,
        "event_id": stored.event_id,
        "type": stored.type,
        "timestamp": stored.timestamp.isoformat(),
        "metadata": asdict(stored.metadata),
        "commit_id": stored.commit_id,
        **_content(stored.event),
    }


def _content(event: DomainEvent | RawEvent) -> dict[str, Any]:
    if isinstance(event, RawEvent):
        return {"schema_version": event.schema_version, "data": _raw(event.data)}
    return {"data": asdict(event)}


def _raw(data: bytes) -> object:
    try:
        return orjson.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _row(stored: StoredEvent) -> tuple[object, ...]:
    when = stored.timestamp.isoformat(timespec="seconds")
    return stored.version, stored.type, when, stored.metadata.actor or "", _data(stored)


def _line(stored: StoredEvent) -> str:
    when = stored.timestamp.isoformat(timespec="seconds")
    return f"{when} {stored.stream} {stored.version} {stored.type} {_data(stored)}"


def _data(stored: StoredEvent) -> str:
    return json_line(_content(stored.event)["data"])
