"""`dynastrata tables`: create, look at, delete."""

from __future__ import annotations

import time
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import asdict

from api.bootstrap import read_settings, start
from api.cli.failing import ExitCode
from api.cli.output import AsJson, busy, say, say_json, say_table, tell
from application.errors import ServiceFault, Throttled, Unreachable
from infrastructure.settings.settings import Settings, SettingsError

if TYPE_CHECKING:
    from application.ports.table_initializer import TableChange, TableInitializer, TableStatus
    from infrastructure.claiming import Left

app = typer.Typer(help="The tables of the store. The memory provider has none.")

_POLL_SECONDS = 0.5
_NONE = "The memory provider has no tables."


@app.command()
def create(
    *,
    wait: Annotated[
        float,
        typer.Option(min=0, max=3600, help="Wait up to so many seconds for the store to answer."),
    ] = 0,
    update_existing: Annotated[
        bool,
        typer.Option(
            "--update-existing",
            help="Also add the indexes, and turn on the streams and time-to-live that are missing.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the missing tables and leave the others alone. Running it again is safe.

    With --update-existing it waits until each index that is added is filled, tells so every half
    minute, and exits with 3 if a table differs yet in what no update changes.
    """
    initializer = start().table_initializer()
    changes: list[TableChange] = []

    def hear(change: TableChange) -> None:
        tell(f"{change.table}: {change.what}")
        if change.is_done:
            changes.append(change)

    with busy("Waiting for the store and its tables"):
        wait_until_answering(initializer, wait)
        created = initializer.create_missing(update_existing=update_existing, tell=hear)
        tables = initializer.status()
    changed = {t.name: [c.what for c in changes if c.table == t.name] for t in tables}
    if as_json:
        _say_created_as_json(created, changed)
    else:
        _say_created(created, changed, tables)
    if update_existing and any(table.drift for table in tables):
        raise typer.Exit(ExitCode.DRIFT)


def _say_created_as_json(created: list[str], changed: dict[str, list[str]]) -> None:
    found = {name: done for name, done in changed.items() if done}
    say_json({"created": created, "changed": found, "tables": list(changed)})


def _say_created(
    created: list[str], changed: dict[str, list[str]], tables: list[TableStatus]
) -> None:
    for table in tables:
        done = "; ".join(changed[table.name]) or "was there, left alone"
        differs = f"; differs: {'; '.join(table.drift)}" if table.drift else ""
        say(f"{table.name}: {'created' if table.name in created else done}{differs}")
    if not tables:
        say(_NONE)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show every table and how it differs from what the code expects; change nothing.

    Exits with 3 if a table is missing, not active, or differs.
    """
    tables: list[TableStatus] = start().table_initializer().status()
    if as_json:
        say_json([asdict(table) for table in tables])
    elif tables:
        rows = [(table.name, table.state, "; ".join(table.drift) or "none") for table in tables]
        say_table("Tables", ("table", "state", "drift"), rows)
    else:
        say(_NONE)
    if any(table.state != "ACTIVE" or table.drift for table in tables):
        raise typer.Exit(ExitCode.DRIFT)


@app.command()
def claim(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The aggregates' type: User.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; tell what would be left.")
    ] = False,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Go on where a page of an earlier run ended.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take the claims that stored aggregates lack, and list those that are not listed.

    For a value that is declared unique, or a type that is listed, when aggregates are stored
    already. Running it again is safe and costs only reads. Aggregates that cannot have their claims
    are told and left as they are. Exits with 3 if there are some. After each page it is told how to
    go on, should the command be ended.
    """
    from infrastructure.claiming import Claiming  # noqa: PLC0415 help does without

    claiming = Claiming(start().units_of_work(), type_)
    done = "would be completed" if dry_run else "completed"
    seen = completed = 0
    left: list[Left] = []
    for page in claiming.pages(after, dry_run=dry_run):
        seen, completed = seen + page.seen, completed + page.completed
        left += page.left
        for each in page.left:
            tell(f"{each.aggregate_id}: {each.reason}")
        if page.last is not None:
            tell(f"{seen} seen, {completed} {done}; go on with --after {quote(page.last)}")
    if as_json:
        say_json({"seen": seen, "completed": completed, "left": [asdict(each) for each in left]})
    else:
        say(f"{seen} seen, {completed} {done}, {len(left)} left as they are")
    if left:
        raise typer.Exit(ExitCode.DRIFT)


@app.command()
def delete(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete every table with all its data. Never in staging or production."""
    settings = read_settings()
    if settings.is_deployed:
        raise SettingsError(
            "environment", f"this command deletes no tables in {settings.environment}"
        )
    if settings.provider == "memory":
        say(_NONE)
        return
    if not yes:
        typer.confirm(f"Delete {_where(settings)}, with all data?", abort=True)
    deleted = start(settings).table_initializer().delete_all()
    say(f"deleted: {', '.join(deleted) or 'nothing, there was no table'}")


def wait_until_answering(initializer: TableInitializer, seconds: float) -> None:
    """Returns once the store answers. Raises its last error after about so many seconds."""
    until = time.monotonic() + seconds
    while True:
        try:
            initializer.status()
        except (Unreachable, ServiceFault, Throttled):
            if time.monotonic() >= until:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _where(settings: Settings) -> str:
    prefix = f"the tables {settings.table_prefix}*" if settings.table_prefix else "the tables"
    return f"{prefix} at {settings.endpoint_url or 'AWS'}"
