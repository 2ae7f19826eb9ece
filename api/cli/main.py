"""The command `dynastrata`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from api.cli import events, export, outbox, projections, tables
from api.cli.contexts import CONTEXTS
from api.cli.demo.command import demo
from api.cli.doctor import doctor
from api.cli.failing import Commands
from api.cli.migrate import commands as migrate
from api.cli.output import say
from api.cli.serve import serve


def _tell_version(is_wanted: bool) -> None:  # noqa: FBT001 the signature is Typer's
    if is_wanted:
        say(f"dynastrata {version('dynastrata')}")
        raise typer.Exit


app = typer.Typer(
    name="dynastrata",
    cls=Commands,
    help="A persistence layer on DynamoDB: try it, serve it, look after what it keeps.",
    epilog="Settings: settings/<environment>.toml, then variables DYNASTRATA_*. "
    "Exit codes: 0 done; 1 failed, with one line that says why; 2 wrong usage or settings; "
    "3 `tables status`, `doctor` or `migrate check` found a fault.",
    no_args_is_help=True,
    # Its tracebacks would show local variables, and with them passwords.
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    *,
    _: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_tell_version, help="Show the version."),
    ] = False,
) -> None:
    """What stands before the command. `app` has the text of the help."""


app.command()(demo)
app.command()(serve)
app.command()(doctor)
for context in CONTEXTS:
    for command in context.commands:
        app.command()(command)
app.add_typer(tables.app, name="tables", no_args_is_help=True)
app.add_typer(events.app, name="events", no_args_is_help=True)
app.add_typer(outbox.app, name="outbox", no_args_is_help=True)
app.add_typer(projections.app, name="projections", no_args_is_help=True)
app.add_typer(export.app, name="export", no_args_is_help=True)
app.add_typer(migrate.app, name="migrate", no_args_is_help=True)


def main() -> None:
    """The console script. Ends the process with an exit code that means something."""
    app(prog_name="dynastrata")
