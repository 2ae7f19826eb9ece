"""`dynastrata migrate repair`: what one side lacks is made from the other."""

from __future__ import annotations

import typer
from attrs import asdict

from api.bootstrap import read_settings
from api.cli.failing import ExitCode
from api.cli.migrate.extra import needing_extra
from api.cli.migrate.options import ContractFile, Source, source_of
from api.cli.output import AsJson, busy, say, say_json
from infrastructure.system.logs import configure_logs

_SHOWN = 20
"""Keys that are left, in the text."""


def repair(
    contract: ContractFile,
    *,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Settle every key that the journal says is behind, in all tables of a contract.

    May run beside the service, at any time, in any phase. Keys that a writer is at work on are left
    to it. Exits with 3 if keys are behind still, each with its reason.
    """
    with needing_extra():
        # Imported where it is used: other commands run without what migrations need.
        from api.composition.migration.phases import make_moves  # noqa: PLC0415 see above
        from infrastructure.migration.phases.repair import (  # noqa: PLC0415 see above
            repair as repair_table,
        )
        from infrastructure.migration.reading import read_contract  # noqa: PLC0415 see above

    settings = read_settings()
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    url = source_of(settings, source)
    declared = read_contract(contract)
    with busy("Repairing"):
        moves = make_moves(settings, declared, url)
        reports = {name: repair_table(move) for name, move in moves.items()}
    if as_json:
        say_json({name: asdict(report) for name, report in reports.items()})
    else:
        for name, report in reports.items():
            say(
                f"{name}: settled: {report.settled}, at work: {report.held}, "
                f"behind still: {len(report.left)}"
            )
            for left in report.left[:_SHOWN]:
                say(f"  {left.key}, behind on the {left.behind}: {left.reason}")
    if any(report.left for report in reports.values()):
        raise typer.Exit(ExitCode.DRIFT)
