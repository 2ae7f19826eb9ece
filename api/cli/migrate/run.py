"""`dynastrata migrate run`: the rows of the source become items."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import asdict

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
from api.cli.output import AsJson, busy, counted, say, say_json, say_table, tell
from infrastructure.system.logs import configure_logs

if TYPE_CHECKING:
    from api.composition.migration.job import MigrationJob
    from infrastructure.migration.run.migration import Migration
    from infrastructure.migration.run.outcome import Outcome

PRICE_PER_MILLION = 0.625
"""Of write units. Source: Airbyte, "Amazon DynamoDB Pricing", 21 July 2025, for US East, after AWS
had halved it in November 2024. What it is now: https://aws.amazon.com/dynamodb/pricing/on-demand/.
"""
PRICED = "on demand, table class Standard, us-east-1, since November 2024"
_COLUMNS = (
    "table",
    "rows",
    "items",
    "rejected",
    "bytes",
    "write units",
    "seconds",
    "rows/s",
    "resumed from",
)


def run(
    contract: ContractFile,
    *,
    source: Source = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where checkpoints and rejects are kept. Without: migration-<contract>, and for "
            "--dry-run nowhere.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    range_size: RangeSize = 1000,
    max_rejects: Annotated[
        int,
        typer.Option(min=0, max=10**12, help="Stop when more rows than these cannot become items."),
    ] = 1000,
    write_units: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=10**9,
            help="Write units a second, all workers together.",
            show_default="no limit",
        ),
    ] = None,
    to_files: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write files for the service's own import from S3, and nothing into tables.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Write nothing: tell items, sizes, write units and cost."),
    ] = False,
    price: Annotated[
        float,
        typer.Option(
            min=0,
            max=10**9,
            help=f"For --dry-run: USD for a million write units. The default is {PRICED}.",
        ),
    ] = PRICE_PER_MILLION,
    engine: EngineOption = EngineName.PROCESSES,
    spark_master: SparkMaster = None,
    as_json: AsJson = False,
) -> None:
    """Create the tables of a contract and copy the rows of the source into them.

    Rows that cannot become items are in the work directory's rejects.jsonl, with the reason. A run
    that was stopped or killed goes on where it was. Exits with 3 if rows were rejected.
    """
    with needing_extra():
        # Imported where they are used: other commands run without what migrations need.
        from api.composition.migration.engine import (  # noqa: PLC0415 see above
            check_engine,
            make_migration_engine,
        )
        from api.composition.migration.job import make_job  # noqa: PLC0415 see above
        from api.composition.migration.run import make_migration  # noqa: PLC0415 see above
        from api.composition.migration.target import prepare_target  # noqa: PLC0415 see above
        from infrastructure.migration.reading import read_contract  # noqa: PLC0415 see above
        from infrastructure.migration.run.work_directory import open_work  # noqa: PLC0415 see above

    settings = read_settings()
    configure_logs(settings.log_level, as_json=settings.is_deployed)
    loaded, url = read_contract(contract), source_of(settings, source)
    with _work_path(contract, work, dry_run=dry_run) as path:
        job = make_job(settings, loaded, url, work=path, files=to_files, is_dry_run=dry_run)
        master = spark_master_of(engine, spark_master)
        check_engine(job, master)
        chosen = make_migration_engine(workers or cores(), master)
        with open_work(path, [table.name for table in loaded.tables]) as opened, showing() as show:
            with busy("Planning, and preparing the target"):
                prepare_target(job, opened)
                migration = make_migration(
                    job,
                    chosen,
                    opened,
                    range_size=range_size,
                    max_rejects=max_rejects,
                    write_units=write_units,
                    on_progress=show,
                )
            outcome = _until_stopped(job, migration)
        kept = None if dry_run and work is None else path
        _say(outcome, kept, price if dry_run else None, as_json=as_json)
    _exit(outcome)


@contextmanager
def _work_path(contract: Path, work: Path | None, *, dry_run: bool) -> Iterator[Path]:
    """A dry run leaves nothing behind, unless it is told where."""
    if work is not None or not dry_run:
        yield work or Path(f"migration-{contract.stem}")
        return
    with TemporaryDirectory(prefix="migration-") as scratch:
        yield Path(scratch)


def _until_stopped(job: MigrationJob, migration: Migration) -> Outcome:
    from api.composition.migration.target import finish_target  # noqa: PLC0415 see `run`

    def work() -> Outcome:
        outcome = migration.run()
        if not outcome.stopped:
            finish_target(job)
        return outcome

    return result_of(migration, work)


def _say(outcome: Outcome, work: Path | None, price: float | None, *, as_json: bool) -> None:
    units = sum(each.write_units for each in outcome.tables)
    cost = None if price is None else {"write_units": units, "usd_per_million": price}
    if cost is not None:
        cost["usd"] = units / 1e6 * cost["usd_per_million"]
    if as_json:
        tables = [asdict(each) for each in outcome.tables]
        where = None if work is None else str(work)
        say_json({"tables": tables, "stopped": outcome.stopped, "work": where, "cost": cost})
        return
    rows = [
        (
            each.table,
            each.rows,
            each.items,
            each.rejected,
            each.item_bytes,
            f"{each.write_units:,.0f}",
            f"{each.seconds:.1f}",
            f"{each.rows_per_second:,.0f}",
            f"{each.resumed_from} of {counted(each.ranges, 'range')}",
        )
        for each in outcome.tables
    ]
    title = "Migrated" if price is None else "Would be migrated"
    say_table(title, _COLUMNS, rows, numbers=_COLUMNS[1:])
    if cost is not None:
        assumed = f"at {price} USD a million" + (
            f" ({PRICED})" if price == PRICE_PER_MILLION else ""
        )
        say(f"{units:,.0f} write units: {cost['usd']:.2f} USD, {assumed}, without storage")
    rejected = sum(each.rejected for each in outcome.tables)
    if rejected and work is not None:
        verb = "was" if rejected == 1 else "were"
        told = f"{counted(rejected, 'row')} {verb} rejected"
        say(f"{told}: {work}/rejects.jsonl says which and why")


def _exit(outcome: Outcome) -> None:
    if outcome.stopped:
        tell("Stopped; what stands is saved: the same command goes on.")
        raise typer.Exit(ExitCode.FAILED)
    if any(each.rejected for each in outcome.tables):
        raise typer.Exit(ExitCode.DRIFT)
