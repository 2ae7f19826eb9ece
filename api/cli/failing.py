"""What every command has: an id for all that it causes, and an exit code that means something."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from application.errors import ResourceMissing
from application.event_context import event_context
from application.ports.event_store import EventMetadata
from domain.errors import DynastrataError
from infrastructure.engines.errors import EngineFailed, EngineUnavailable
from infrastructure.settings.checks import SettingsError
from infrastructure.system.ids import RandomIds


class ExitCode(IntEnum):
    """What the exit codes mean; part of the help."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DRIFT = 3


EXPECTED = (DynastrataError, EngineUnavailable, EngineFailed)
"""What may go wrong without a mistake in this program; everything else shows its traceback."""


class Commands(TyperGroup):
    """A group of commands whose expected errors are one line.

    What a command writes, and its lines in the log, have a correlation id of their own.
    """

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. Raises `typer.Exit` for an expected error."""
        # Here, as help does without.
        from structlog.contextvars import bound_contextvars  # noqa: PLC0415 see above

        from infrastructure.system.logs import showing_failures  # noqa: PLC0415 see above

        correlation_id = RandomIds().new_id()
        metadata = EventMetadata(correlation_id=correlation_id)
        try:
            with (
                event_context(metadata),
                bound_contextvars(correlation_id=correlation_id),
                showing_failures(),
            ):
                return super().invoke(ctx)
        except EXPECTED as error:
            print(f"error: {error}{_advice(error)}", file=sys.stderr)  # noqa: T201 to its user
            code = ExitCode.USAGE if isinstance(error, SettingsError) else ExitCode.FAILED
            raise typer.Exit(code) from error


def _advice(error: Exception) -> str:
    # A bucket that is missing is of no table.
    if isinstance(error, ResourceMissing) and error.table is not None:
        return "; `dynastrata tables create` makes the tables that are missing"
    return ""
