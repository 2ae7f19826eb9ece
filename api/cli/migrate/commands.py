"""`dynastrata migrate`: the move from MySQL to DynamoDB by contract."""

from __future__ import annotations

import typer

from api.cli.migrate import phase
from api.cli.migrate.check import check
from api.cli.migrate.repair import repair
from api.cli.migrate.run import run
from api.cli.migrate.verify import verify

app = typer.Typer(help="The move from MySQL by contract.")
app.command()(check)
app.command()(run)
app.command()(verify)
app.command()(repair)
app.add_typer(phase.app, name="phase", no_args_is_help=True)
