"""`dynastrata migrate`: the move from MySQL to DynamoDB by contract."""

from __future__ import annotations

import typer

from api.cli.migrate.check import check

app = typer.Typer(help="The move from MySQL by contract.")
app.command()(check)
