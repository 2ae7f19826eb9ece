"""`dynastrata serve`: the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn
from attrs import evolve

from api.cli.seed import seed_users
from api.cli.starting import start
from api.http.app import create_app
from infrastructure.settings import load_settings


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Also by DYNASTRATA_HTTP_HOST.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Also by DYNASTRATA_HTTP_PORT.", show_default=False)
    ] = None,
    seed: Annotated[
        bool, typer.Option("--seed", help="First do what `dynastrata seed` does.")
    ] = False,
) -> None:
    """Serve the HTTP API until interrupted. Its documentation is at /docs.

    With create_tables on, the missing tables are created first.
    """
    settings = load_settings()
    settings = evolve(
        settings, http_host=host or settings.http_host, http_port=port or settings.http_port
    )
    container = start(settings)
    if settings.create_tables:
        container.table_initializer().create_missing()
    if seed:
        seed_users(container)
    uvicorn.run(
        create_app(container),
        host=settings.http_host,
        port=settings.http_port,
        log_level=settings.log_level,
    )
