"""`dynastrata migrate check`: what is wrong with a contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from api.bootstrap import read_settings
from api.cli.failing import ExitCode
from api.cli.migrate.extra import needing_extra
from api.cli.migrate.options import ContractFile
from api.cli.output import AsJson, busy, counted, say, say_json
from infrastructure.migration.errors import Problem
from infrastructure.system.logs import configure_logs


def check(
    contract: ContractFile,
    *,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Also check it against this database: mysql://user@host:3306/database. With a "
            "password better as the variable DYNASTRATA_MIGRATION_SOURCE.",
            show_default=False,
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also compare it with the tables that are there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a contract alone, against its source, and against live tables; change nothing.

    Tells all errors and warnings at once, each with its path in the contract. Exits with 3 if there
    is an error.
    """
    with needing_extra():
        # Imported where it is used: other commands run without what migrations need.
        from api.composition.migration.check import check_all  # noqa: PLC0415 see above
    settings = read_settings()
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    with busy("Checking"):
        problems = check_all(settings, contract, source or settings.migration_source, live=live)
    errors = [each for each in problems if not each.is_warning]
    warnings = [each for each in problems if each.is_warning]
    if as_json:
        say_json({"errors": _as_json(errors), "warnings": _as_json(warnings)})
    else:
        _show(errors, warnings)
    if errors:
        raise typer.Exit(ExitCode.DRIFT)


def _as_json(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"path": each.path, "cause": each.cause} for each in problems]


def _show(errors: Sequence[Problem], warnings: Sequence[Problem]) -> None:
    for each in errors:
        say(f"error    {each}")
    for each in warnings:
        say(f"warning  {each}")
    say(f"{counted(len(errors), 'error')}, {counted(len(warnings), 'warning')}")
