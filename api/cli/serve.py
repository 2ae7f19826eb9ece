"""`dynastrata serve`: the HTTP API."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import evolve

from api.bootstrap import read_settings, start
from api.cli.contexts import CONTEXTS
from api.cli.failing import ExitCode
from api.cli.listening import app_of, listen
from infrastructure.settings.checks import invalid

if TYPE_CHECKING:
    from api.container import Container
    from infrastructure.settings.settings import Settings


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Also by DYNASTRATA_HTTP_HOST.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="Also by DYNASTRATA_HTTP_PORT.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Processes, more than one on DynamoDB alone. Also by DYNASTRATA_HTTP_WORKERS.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        bool, typer.Option("--seed", help="First create what every context needs to be tried.")
    ] = False,
) -> None:
    """Serve the HTTP API until interrupted, and end the requests under way. Documented at /docs.

    With create_tables on, the missing tables are created first; with relay_while_serving on,
    messages are published too. In staging and production /docs is there with http_docs on alone.
    """
    settings = read_settings()
    settings = evolve(
        settings,
        http_host=host or settings.http_host,
        http_port=port or settings.http_port,
        http_workers=workers or settings.http_workers,
    )
    _refuse_memory_of_several(settings)
    container = start(settings)
    _warn_of_messages_that_stay(container)
    if settings.create_tables:
        container.table_initializer().create_missing()
    for context in CONTEXTS if seed else ():
        if context.seed is not None:
            context.seed(container)
    try:
        # What belongs to the command, such as its correlation id, is none of the requests'.
        Context().run(listen, settings, app_of(container))
    except SystemExit as ended:
        # It ends so where it cannot start, say because the port is taken, and has said why.
        raise typer.Exit(ExitCode.FAILED) from ended


def _refuse_memory_of_several(settings: Settings) -> None:
    """Raises `SettingsError` where each process would have what the others lack."""
    for name, kept in (("provider", settings.provider), ("blob_store", settings.blob_store)):
        if settings.http_workers > 1 and kept == "memory":
            reason = f"several have no memory in common: with {name} memory it must be 1"
            raise invalid("http_workers", reason)


def _warn_of_messages_that_stay(container: Container) -> None:
    """Once deployed, no relay takes these destinations: their messages would pile up."""
    found = container.destinations().by_name.items()
    local = [name for name, destination in found if destination.kind in ("log", "memory")]
    if container.settings().is_deployed and local:
        import structlog  # noqa: PLC0415 it is rarely needed

        logger = structlog.get_logger(__name__)
        logger.warning("no relay publishes to log: or memory: here", destinations=local)
