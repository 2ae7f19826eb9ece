"""How commands fail: one line to standard error, and an exit code that means something."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from domain.errors import DynastrataError
from infrastructure.engines import EngineFailed, EngineUnavailable
from infrastructure.settings.settings import SettingsError


class ExitCode(IntEnum):
    """What the exit codes mean; part of the help."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DRIFT = 3


EXPECTED = (DynastrataError, EngineUnavailable, EngineFailed)
"""What may go wrong without a mistake in this program; everything else shows its traceback."""


class Commands(TyperGroup):
    """A group of commands whose expected errors are one line."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. Raises `typer.Exit` for an expected error."""
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201 a command speaks to its user
            code = ExitCode.USAGE if isinstance(error, SettingsError) else ExitCode.FAILED
            raise typer.Exit(code) from error
