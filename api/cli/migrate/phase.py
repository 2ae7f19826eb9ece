"""`dynastrata migrate phase`: how far the move of a table is, and its next step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from api.bootstrap import read_settings
from api.cli.migrate.extra import needing_extra
from api.cli.migrate.options import ContractFile, Source, source_of
from api.cli.output import AsJson, busy, say, say_json
from infrastructure.system.logs import configure_logs

if TYPE_CHECKING:
    from api.composition.migration.phases import Phases

app = typer.Typer(help="The phase of a table that moves, and the steps from one to the next.")

TableName = Annotated[str, typer.Argument(metavar="TABLE", help="A table of the contract.")]


@app.command()
def show(
    contract: ContractFile, table: TableName, *, source: Source = None, as_json: AsJson = False
) -> None:
    """Show the phase of a table and how many keys are behind. Makes the move's tables if missing.

    Keys that are behind are told by the side that lacks something; those that a writer is at work
    on are not counted. It reads the whole journal. Before the first step it needs the source, to
    see whether the table can be moved.
    """
    phases = _phases(contract, table)
    _check_before_the_first_step(phases, contract, table, source)
    _show(phases, table, as_json=as_json)


@app.command()
def forward(
    contract: ContractFile, table: TableName, *, source: Source = None, as_json: AsJson = False
) -> None:
    """Go on to the next phase, and wait until every process acts by it.

    The target comes to lead only while no key is behind there: `migrate repair` sees to that. A
    command that was stopped is run again, and does what is left of its step. Only the first step
    needs the source, to see whether the table can be moved.
    """
    phases = _phases(contract, table)
    _check_before_the_first_step(phases, contract, table, source)
    _take(phases, table, "forward", as_json=as_json)


@app.command()
def back(contract: ContractFile, table: TableName, *, as_json: AsJson = False) -> None:
    """Go back to the phase before, and wait until every process acts by it.

    The source comes to lead only while no key is behind there: `migrate repair` sees to that.
    """
    _take(_phases(contract, table), table, "back", as_json=as_json)


def _take(
    phases: Phases, table: str, direction: Literal["forward", "back"], *, as_json: bool
) -> None:
    with busy(f"Waiting for {phases.steps.seconds:.0f} s until every process has seen it"):
        phases.steps.take(table, direction)
    _show(phases, table, as_json=as_json)


def _show(phases: Phases, table: str, *, as_json: bool) -> None:
    from infrastructure.migration.phases.repair import (  # noqa: PLC0415 needs the extra
        count_behind,
    )

    switch = phases.switches.read(table)
    behind = count_behind(phases.journal, table).at_rest
    if as_json:
        under_way = None if switch.previous is None else switch.previous.value
        counts = {side.value: count for side, count in behind.items()}
        say_json({"phase": switch.phase.value, "step_from": under_way, "behind": counts})
        return
    step = "" if switch.previous is None else f", the step from {switch.previous} is under way"
    say(f"{table}: {switch.phase}{step}")
    for side, count in behind.items():
        say(f"keys behind on the {side}: {count}")


def _check_before_the_first_step(
    phases: Phases, contract: Path, table: str, source: str | None
) -> None:
    """Later the source may be out of reach, and the target may have to lead for that reason."""
    from api.composition.migration.phases import check_move  # noqa: PLC0415 needs the extra
    from infrastructure.migration.phases.phase import Phase  # noqa: PLC0415 likewise
    from infrastructure.migration.reading import read_contract  # noqa: PLC0415 likewise

    if phases.switches.read(table).phase is Phase.SOURCE_ONLY:
        check_move(read_contract(contract), table, source_of(phases.settings, source))


def _phases(contract: Path, table: str) -> Phases:
    with needing_extra():
        # Imported where it is used: other commands run without what migrations need.
        from api.composition.migration.phases import make_phases  # noqa: PLC0415 see above
        from api.composition.migration.tables import find_table  # noqa: PLC0415 see above
        from infrastructure.migration.reading import read_contract  # noqa: PLC0415 see above

    settings = read_settings()
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    find_table(read_contract(contract), table)
    phases = make_phases(settings)
    phases.create_tables()
    return phases
