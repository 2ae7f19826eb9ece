"""The command `dynastrata` as the tests run it."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from typer.testing import CliRunner, Result

from api.cli.main import app
from infrastructure.settings.settings import Settings

Cli = Callable[..., Result]
"""Runs a command with these arguments and, by keyword, these variables."""


def run(
    *arguments: str, answers: str | None = None, env: dict[str, str | None] | None = None
) -> Result:
    """Runs a command in this process, whose log lines go where they went before."""
    logs = structlog.get_config()
    try:
        return CliRunner().invoke(app, list(arguments), input=answers, env=env)
    finally:
        structlog.configure(**logs)


def variables(settings: Settings) -> dict[str, str | None]:
    """The environment that gives a command these settings."""
    return {
        "DYNASTRATA_ENVIRONMENT": settings.environment,
        "DYNASTRATA_PROVIDER": settings.provider,
        "DYNASTRATA_ENDPOINT_URL": settings.endpoint_url,
        "DYNASTRATA_REGION": settings.region,
        "DYNASTRATA_TABLE_PREFIX": settings.table_prefix,
    }
