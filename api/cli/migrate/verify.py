"""`dynastrata migrate verify`: whether the target holds what the source says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import asdict
from attrs.filters import exclude

from api.bootstrap import read_settings
from api.cli.failing import ExitCode
from api.cli.migrate.extra import needing_extra
from api.cli.migrate.options import (
    ContractFile,
    EngineName,
    EngineOption,
    RangeSize,
    Source,
    SparkMaster,
    Workers,
    cores,
    source_of,
    spark_master_of,
)
from api.cli.migrate.progress import showing
from api.cli.migrate.stopping import result_of
from api.cli.output import say, say_table, tell
from infrastructure.settings.settings import SettingsError
from infrastructure.system.logs import configure_logs

if TYPE_CHECKING:
    from infrastructure.migration.verification.verified import Verified

_COLUMNS = ("table", "rows", "rejected", "compared", "stored", "differences")
_SHOWN = 20
"""Differences in the text; the JSON file has a thousand of each table."""


def verify(
    contract: ContractFile,
    *,
    source: Source = None,
    sample: Annotated[
        str, typer.Option(metavar="P", help="Compare this share of the rows, always the same ones.")
    ] = "100%",
    workers: Workers = None,
    range_size: RangeSize = 1000,
    engine: EngineOption = EngineName.PROCESSES,
    spark_master: SparkMaster = None,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Write the report as JSON.", show_default=False
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Copy what differs once more, while the source leads."),
    ] = False,
) -> None:
    """Compare the tables of a contract with its source, attribute by attribute.

    Also that each unique value is claimed, and that nothing is there which the source does not say.
    Changes nothing, unless it is to repair: then each key that differs is copied once more under
    its entry in the journal, beside the service, until none differs. Exits with 3 if one does.
    """
    with needing_extra():
        # Imported where it is used: other commands run without what migrations need.
        from api.composition.migration.engine import (  # noqa: PLC0415 see above
            make_migration_engine,
        )
        from api.composition.migration.job import make_job  # noqa: PLC0415 see above
        from api.composition.migration.verification import (  # noqa: PLC0415 see above
            make_mend,
            make_verification,
        )
        from infrastructure.migration.reading import read_contract  # noqa: PLC0415 see above

    settings, share = read_settings(), _share(sample)
    if repair and share < 1:
        raise typer.BadParameter("needs all rows: leave --sample out", param_hint="--repair")
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    if settings.provider == "memory":
        raise SettingsError("provider", "memory holds no tables to verify: choose dynamodb")
    job = make_job(settings, read_contract(contract), source_of(settings, source), work=Path())
    chosen = make_migration_engine(workers or cores(), spark_master_of(engine, spark_master))
    mend = make_mend(job) if repair else None
    with showing() as show:
        verification = make_verification(
            job, chosen, range_size=range_size, sample=share, on_progress=show, mend=mend
        )
        verified = result_of(verification, verification.run)
    if verified.stopped:
        tell("Stopped: nothing is found out.")
        raise typer.Exit(ExitCode.FAILED)
    if json_file is not None:
        json_file.write_text(json.dumps(_as_json(verified), indent=2) + "\n")
    _say(verified)
    if not verified.is_equal:
        raise typer.Exit(ExitCode.DRIFT)


def _share(text: str) -> float:
    """A share such as `1%` or `0.01`. Raises `typer.BadParameter`."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / (100 if number != text.strip() else 1)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no share", param_hint="--sample") from error
    if not 0 < share <= 1:
        raise typer.BadParameter(f"{text} is not above 0 and up to 100%", param_hint="--sample")
    return share


def _as_json(verified: Verified) -> dict[str, Any]:
    told = exclude("place", "claim")
    tables = [
        {**asdict(each, filter=told), "counts": dict(each.counts)} for each in verified.tables
    ]
    return {"equal": verified.is_equal, "tables": tables}


def _say(verified: Verified) -> None:
    rows = [
        (
            each.table,
            each.rows,
            each.rejected,
            each.compared,
            each.stored,
            ", ".join(f"{count} {kind}" for kind, count in each.counts.items() if count) or "none",
        )
        for each in verified.tables
    ]
    say_table("Verified", _COLUMNS, rows, numbers=_COLUMNS[1:-1])
    for table in verified.tables:
        if table.repairs:
            say(f"{table.table}: repairs: {table.repairs}")
    told = [each for table in verified.tables for each in table.differences]
    for each in told[:_SHOWN]:
        attributes = f": {', '.join(each.attributes)}" if each.attributes else ""
        reason = f", and stays so: {each.reason}" if each.reason else ""
        say(f"{each.kind}  {each.table} {each.key}{attributes}{reason}")
    if len(told) > _SHOWN:
        say(f"... and others: --json FILE lists up to {len(told)}")
